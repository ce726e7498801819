/**
 * What is bundled for an upstream that is a file: the file itself if it exports a Lambda `handler`, and otherwise a few lines that
 * run its default export, a factory of an MCP server, as `functions/runner.ts` does for the example.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';

export interface Paths {
  readonly root: string;
  /** Where generated files may stand: SST's own folder. */
  readonly work: string;
}

export interface UpstreamEntry {
  /** From the root. */
  readonly entry: string;
  /** Whether it runs a program, which takes the keys, and the table to guard its rounds. */
  readonly isProgram: boolean;
}

const EXPORTS_HANDLER = /\bexport\s+(?:const|let|function|async\s+function)\s+handler\b/;
const RUNS_PROGRAM = /\bprogramHandler\b/;

export function entryOf({ root, work }: Paths, file: string): UpstreamEntry {
  const text = readFileSync(join(root, file), 'utf8');
  if (EXPORTS_HANDLER.test(text)) return { entry: file, isProgram: RUNS_PROGRAM.test(text) };
  const folder = join(work, 'fermata');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'upstream.ts'), lines(root, file));
  return { entry: relative(root, join(folder, 'upstream.ts')), isProgram: true };
}

function lines(root: string, file: string): string {
  const from = (path: string): string => JSON.stringify(join(root, path));
  return [
    `import { sdkServer } from ${from('core/adapters/sdk/program-server.ts')};`,
    `import { programHandler } from ${from('functions/deployment/program.ts')};`,
    `import factory from ${from(file)};`,
    `const name = ${JSON.stringify(basename(file).replace(/\.\w+$/, ''))};`,
    'export const handler = programHandler(process.env, runner => sdkServer({ factory, name, runner }));',
    '',
  ].join('\n');
}
