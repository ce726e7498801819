import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Line } from '../../support/dynamodb/budget.ts';
import { measureBudget } from '../../support/dynamodb/budget.ts';
import { startEmulator } from '../../support/dynamodb/emulator.ts';

let lines: readonly Line[];

beforeAll(async () => {
  const emulator = await startEmulator();
  lines = await measureBudget(emulator.endpoint).finally(() => emulator.stop());
});
afterAll(() => {
  lines = [];
});

const line = (flow: string): Line => {
  const found = lines.find(candidate => candidate.flow === flow);
  if (found === undefined) throw new Error(`"${flow}" was not measured.`);
  return found;
};

describe.each(['', ', sealed'])('what DynamoDB is asked for%s', how => {
  test('a plain call reads its session once, at half the price, and writes nothing', () => {
    expect(line(`plain call${how}`)).toMatchObject({ reads: 0.5, writes: 0, operations: 1 });
  });

  test('a call with one question writes five times, each within one unit, and six where another process drives it on', () => {
    expect(line(`call with one question${how}`).writes).toBe(5);
    expect(line(`… answered in another process${how}`).writes).toBe(6);
    expect(line(`call with one question${how}`).reads).toBeLessThanOrEqual(12);
    expect(line(`… answered in another process${how}`).reads).toBeLessThanOrEqual(16);
  });

  test('progress under load is packed', () => {
    const { writes } = line(`progress event under load${how}`);
    expect(writes).toBeGreaterThan(0);
    expect(writes).toBeLessThanOrEqual(0.25);
  });
});

describe('what waiting costs', () => {
  test('nothing, for an idle session and for a call that waits with nobody connected', () => {
    expect(line('idle session, a second')).toMatchObject({ reads: 0, writes: 0, operations: 0 });
    expect(line('waiting, nobody connected, a second')).toMatchObject({ reads: 0, writes: 0, operations: 0 });
  });

  test('at most three reads a second while a connection is held', () => {
    const held = line('waiting, connection held, a second');
    expect(held.writes).toBe(0);
    expect(held.reads).toBeGreaterThan(0);
    expect(held.reads).toBeLessThanOrEqual(3);
  });

  test('a change that a program reports is read and written once, and looked for while somebody listens', () => {
    expect(line('call that reports a change')).toMatchObject({ writes: 1 });
    expect(line('call that reports a change').reads).toBeLessThanOrEqual(2);
    expect(line('somebody listens, a second').writes).toBe(0);
    expect(line('somebody listens, a second').reads).toBeGreaterThan(0);
    expect(line('somebody listens, a second').reads).toBeLessThanOrEqual(1);
  });

  test('opening a session is one write', () => {
    expect(line('initialize')).toMatchObject({ reads: 0, writes: 1, operations: 1 });
  });
});

test('the document shows every flow that is measured', () => {
  const document = readFileSync(join(import.meta.dirname, '../../../docs/dynamodb.md'), 'utf8');
  const shown = document.split('\n').flatMap(row => /^\| (.+?) +\| .*≤/.exec(row)?.[1] ?? []);
  expect(shown).toEqual(lines.map(({ flow }) => flow));
});
