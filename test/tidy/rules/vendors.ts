/**
 * Law 2 of the architecture: a vendor's name appears in one folder, so that replacing it is the work of one folder.
 *
 * Types are exempt where they are erased. The table names the vendors whose place is decided; any other package may be used
 * at run time by one folder of `core` only.
 */
import { folderOf } from './layers.ts';
import type { SourceFile } from './source.ts';
import { importsOf } from './source.ts';

const ROOTS = ['bin', 'functions'];

/** Where a vendor may be named at run time. The first pattern that fits decides. */
const PLACES: readonly { readonly vendor: RegExp; readonly folders: readonly string[] }[] = [
  { vendor: /^(hono|@hono\/.*)$/, folders: ['core/http', ...ROOTS] },
  { vendor: /^(node:sqlite|libsql|better-sqlite3)$/, folders: ['core/adapters/sqlite'] },
  { vendor: /^@aws-sdk\/client-s3$/, folders: ['core/adapters/s3'] },
  { vendor: /^(@aws-sdk|@smithy)\//, folders: ['core/adapters/dynamodb', 'core/adapters/lambda', 'functions'] },
  { vendor: /^@modelcontextprotocol\//, folders: ['core/adapters/sdk', 'core/http', 'bin'] },
  { vendor: /^jose$/, folders: ['core/adapters/oauth'] },
  { vendor: /^@clack\//, folders: ['bin'] },
];

/** The package that a specifier names; `undefined` for our own files and for plain built-ins. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || (specifier.startsWith('node:') && specifier !== 'node:sqlite')) return undefined;
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

export function vendorComplaints(files: readonly SourceFile[]): readonly string[] {
  const seen = new Map<string, Set<string>>();
  const complaints: string[] = [];
  for (const file of files) {
    const folder = folderOf(file.path);
    for (const { specifier, isTypeOnly } of importsOf(file.text)) {
      const vendor = isTypeOnly ? undefined : packageOf(specifier);
      if (vendor === undefined) continue;
      const place = PLACES.find(({ vendor: pattern }) => pattern.test(vendor));
      if (place !== undefined) {
        if (!place.folders.includes(folder)) complaints.push(`${file.path}: ${vendor} belongs in ${place.folders[0]}`);
      } else if (folder.startsWith('core/')) {
        seen.set(vendor, (seen.get(vendor) ?? new Set()).add(folder));
      }
    }
  }
  for (const [vendor, folders] of seen) {
    if (folders.size > 1) complaints.push(`${vendor} is named in ${[...folders].sort().join(' and ')}`);
  }
  return complaints;
}
