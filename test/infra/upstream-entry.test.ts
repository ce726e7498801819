/** Which file is bundled for an upstream: functions as they are, programs with the few lines that run them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entryOf } from '../../infra/upstream-entry.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'fermata-infra-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const entry = (text: string) => {
  writeFileSync(join(root, 'mine.ts'), text);
  return entryOf({ root, work: join(root, '.sst') }, 'mine.ts');
};

describe('a file', () => {
  it.each(['export const handler = 1;', 'export async function handler() {}'])('that says "%s" is a function', text => {
    expect(entry(text)).toEqual({ entry: 'mine.ts', isProgram: false });
  });

  it('that hands a program to the runner is one that takes the keys', () => {
    expect(entry('export const handler = programHandler(process.env, x);')).toEqual({
      entry: 'mine.ts',
      isProgram: true,
    });
  });

  it('that exports no handler is a program: its default export is run', () => {
    expect(entry('export default function server() {}\nfunction handler() {}')).toEqual({
      entry: '.sst/fermata/upstream.ts',
      isProgram: true,
    });
    const written = readFileSync(join(root, '.sst/fermata/upstream.ts'), 'utf8');
    expect(written).toContain(`import factory from "${join(root, 'mine.ts')}";`);
    expect(written).toContain('export const handler = programHandler(process.env,');
  });

  it('that is not there is refused by its name', () => {
    expect(() => entryOf({ root, work: root }, 'gone.ts')).toThrow(/gone\.ts/);
  });
});
