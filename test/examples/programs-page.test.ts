/** The examples of `docs/programs.md`, run as they stand there. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memoryStores } from '../../core/adapters/memory/stores.ts';
import { loadFactory } from '../../core/adapters/sdk/load-factory.ts';
import { sdkProgram } from '../../core/adapters/sdk/program.ts';
import type { Program } from '../../core/ports/program.ts';
import { callerOf, retried, textOf, told, toolCall } from '../support/programs/calling.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = `${ROOT}.cache/programs-page-${process.pid}`;
const EXAMPLES = [...readFileSync(`${ROOT}docs/programs.md`, 'utf8').matchAll(/```ts\n(.*?)```/gs)];

beforeAll(() => mkdirSync(FOLDER, { recursive: true }));
afterAll(() => rmSync(FOLDER, { recursive: true }));

async function example(nth: number): Promise<Program> {
  const file = `${FOLDER}/example-${nth}.ts`;
  writeFileSync(file, (EXAMPLES[nth]?.[1] ?? '').replace("'fermata'", `'${ROOT}index.ts'`));
  const { factory, name } = await loadFactory(file);
  return sdkProgram(factory, { name });
}

test('there are these two examples', () => {
  expect(EXAMPLES).toHaveLength(2);
});

test('steps, time and chance', async () => {
  const program = await example(0);
  const call = toolCall('order');
  const asked = await told(callerOf(program), call);
  const [key = ''] = Object.keys(asked.result?.inputRequests as object);
  const done = await told(callerOf(program), retried(call, asked, { [key]: { action: 'accept', content: {} } }));
  expect(textOf(done)).toMatch(/^accept, 1 reserved, \d{4}-/);
});

test('session state, though the example’s module has a copy of the package of its own', async () => {
  const program = await example(1);
  const caller = callerOf(program, { state: memoryStores().state });
  const session = { id: 's', name: 'n', endsAtMs: Date.now() + 1_000 };
  expect(textOf(await told(caller, toolCall('visit'), { session }))).toBe('visit 1');
  expect(textOf(await told(caller, toolCall('visit'), { session }))).toBe('visit 2');
});
