/** Factories from files, in each way a file can be right or wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadFactory } from '../../../core/adapters/sdk/load-factory.ts';
import { sdkProgram } from '../../../core/adapters/sdk/program.ts';
import { Conversation } from '../../support/conversation.ts';

const folder = mkdtempSync(join(tmpdir(), 'fermata-factories-'));
afterAll(() => rmSync(folder, { recursive: true }));

const server = (file: string): string => fileURLToPath(new URL(`../../support/servers/${file}`, import.meta.url));

function written(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const failure = async (file: string): Promise<{ message: string; detail?: string }> => {
  const error = await loadFactory(file).then(
    () => undefined,
    thrown => thrown,
  );
  expect(error).toMatchObject({ code: 'program_unstartable' });
  return error;
};

describe('a factory from a file', () => {
  it.each(['v1-await.ts', 'v2-await.ts', 'v2-mrtr.ts'])('runs: %s', async file => {
    const { factory, name } = await loadFactory(server(file));
    expect(`${name}.ts`).toBe(file);
    const talk = await Conversation.ready(sdkProgram(factory, { name }));
    const response = await talk.responseTo(talk.callTool('greet', { name: 'Ada' }));
    expect(JSON.stringify(response)).toContain('Hello, Ada!');
    await talk.instance.end('stop');
  });

  it.each([
    ['plain.mjs', 'export default () => "made";'],
    ['common.cjs', 'module.exports = () => "made";'],
    ['compiled.cjs', 'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = () => "made";'],
    ['typed.ts', 'export default (): string => "made";'],
    ['typed.mts', 'enum Made { made = "made" } export default (): string => Made.made;'],
    ['typed.cts', 'const make = (): string => "made"; export = make;'],
    ['renamed.ts', 'const make = (): string => "made"; export { make as default };'],
    ['later.mjs', 'export default await Promise.resolve(() => "made");'],
  ])('is found in %s', async (name, text) => {
    const { factory } = await loadFactory(written(name, text));
    expect(await factory({ era: 'legacy' })).toBe('made');
  });

  it('is given the context of SDK v2', async () => {
    const { factory } = await loadFactory(written('context.mjs', 'export default context => context.era;'));
    expect(await factory({ era: 'legacy' })).toBe('legacy');
  });
});

describe('a file without a factory', () => {
  it('does not exist', async () => {
    const file = join(folder, 'nowhere.ts');
    expect((await failure(file)).message).toBe(
      `Cannot use ${file} as a program: the file ${file} does not exist. Check the path.`,
    );
  });

  it('is a folder', async () => {
    expect((await failure(folder)).message).toBe(
      `Cannot use ${folder} as a program: ${folder} is no file. Name the module that exports the factory.`,
    );
  });

  it('exports nothing by default', async () => {
    const file = written('named.ts', 'export const make = () => {};');
    expect((await failure(file)).message).toMatch(
      / it has no default export\. Export a function that builds the server: /,
    );
  });

  it('exports something else', async () => {
    const file = written('object.ts', 'export default { tools: [] };');
    expect((await failure(file)).message).toMatch(/ its default export is an object with tools\. Export a function /);
  });

  it('exports a server that is already built', async () => {
    const text = `
      const server = { connect() {}, close() {}, setRequestHandler() {}, getClientCapabilities() {} };
      export default server;`;
    expect((await failure(written('built.ts', text))).message).toMatch(
      / its default export is a server that is already built, but every call needs a fresh one\. Export a function /,
    );
  });

  it.each([
    ['broken.ts', 'export default () => {', /broken\.ts:1:\d+: (error|ERROR): Unexpected end of file/i],
    [
      'broken.mjs',
      'export default () => {',
      /^Cannot use .*broken\.mjs as a program: .*(Unexpected end of input|invalid JS syntax)/,
    ],
  ])('has a syntax error: %s', async (name, text, message) => {
    expect((await failure(written(name, text))).message).toMatch(message);
  });

  it('imports what is not installed', async () => {
    const file = written('lacking.ts', `import 'no-such-package'; export default () => {};`);
    expect((await failure(file)).message).toMatch(/Cannot find (package|module) 'no-such-package'/);
  });

  it('throws when it is loaded', async () => {
    const file = written('throwing.mjs', `throw new Error('no database'); export default () => {};`);
    const { message, detail } = await failure(file);
    expect(message).toBe(`Cannot use ${file} as a program: no database`);
    expect(detail).toContain('throwing.mjs');
  });
});
