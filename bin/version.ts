/** The version of this package: its manifest is beside `bin/` in the sources, and one folder further up in what is built. */
import { readFileSync } from 'node:fs';

export function packageVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    const manifest = manifestAt(path);
    if (manifest?.name === 'fermata') return String(manifest.version);
  }
  return 'unknown';
}

function manifestAt(path: string): { name?: unknown; version?: unknown } | undefined {
  try {
    return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
  } catch {
    return undefined;
  }
}
