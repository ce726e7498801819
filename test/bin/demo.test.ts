/** The demo as a whole, answering by itself: against servers of its own, one of them killed. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fermata, isAlive, starting } from '../support/command-line.ts';

const REPORT = [
  '│  ━━━━────────────────  1/5 Reading the expenses',
  '│  ━━━━━━━━────────────  2/5 Adding up the categories',
  '│  ━━━━━━━━━━━━────────  3/5 Finding the largest expense',
  '│  ━━━━━━━━━━━━━━━━────  4/5 Checking the totals',
  '│  ━━━━━━━━━━━━━━━━━━━━  5/5 Writing the report',
];

/** The story in the order in which it must be told. */
function expectStory(stdout: string, told: readonly string[]): void {
  const lines = stdout.split('\n').map(line => line.trimEnd());
  expect(lines.filter(line => told.includes(line))).toEqual(told);
}

const folderIn = (stdout: string): string => /store in (\S+), gone when the demo ends/.exec(stdout)?.[1] ?? '';

describe('fermata demo --auto', () => {
  test('calls every tool, answers every question once, and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await starting(['demo', '--auto'], { PORT: '9' }).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expectStory(stdout, [
      '◇  4 tools',
      '│  Amount: 42.5',
      '│  Description: Lunch with Ada',
      '│  Category: food',
      '│  Record it?: true',
      '◆  Recorded 42.50 for "Lunch with Ada" (food).',
      '│  (one call, 4 questions, each asked once)',
      ...REPORT,
      '◇  5 steps of progress and 5 log messages came, in order',
      '│  A canned answer goes back: this demo has no model.',
      '│  (Analyzed by canned-answer.)',
    ]);
    expect(stdout).not.toContain('\u001B');
    const pid = Number(/Started a server: process (\d+)/.exec(stdout)?.[1]);
    expect(isAlive(pid)).toBe(false);
    expect(folderIn(stdout)).not.toBe('');
    expect(existsSync(folderIn(stdout))).toBe(false);
  });

  test('--kill kills the server between a question and its answer, and the same call completes', async () => {
    const { code, stdout, stderr } = await fermata('demo', '--auto', '--kill');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [, first] = /Started a server: process (\d+)/.exec(stdout) ?? [];
    const [, second] = /Restarted as process (\d+)/.exec(stdout) ?? [];
    expect(first).not.toBe(second);
    const [, address] = /Connected to expense-tracker at http:\/\/(\S+)\/mcp/.exec(stdout) ?? [];
    expectStory(stdout, [
      '│  Amount: 42.5',
      '●  Question 2 has arrived. Its answer has not: the call is waiting.',
      `▲  Process ${first} killed with SIGKILL`,
      `●  ${address} refuses connections: no process, only the store`,
      `◆  Restarted as process ${second}, on the same store and port`,
      '│  Description: Lunch with Ada',
      '│  Category: food',
      '│  Record it?: true',
      '◆  Recorded 42.50 for "Lunch with Ada" (food).',
      '│  (one call, 4 questions, each asked once)',
      '│  1 expense, 42.50 in all.',
      '└  The call outlived its server. Put your own behind it: fermata help serve',
    ]);
    expect([Number(first), Number(second)].filter(isAlive)).toEqual([]);
    expect(existsSync(folderIn(stdout))).toBe(false);
  });
});

describe('fermata demo refuses', () => {
  test('to ask questions where there is no terminal', async () => {
    const { code, stderr } = await fermata('demo');
    expect(code).toBe(2);
    expect(stderr).toBe(
      'fermata: There is no terminal to ask questions in. Let it answer by itself: fermata demo --auto\n',
    );
  });

  test('a URL where nothing answers, or one together with --kill', async () => {
    const nowhere = await fermata('demo', '--auto', '--url', 'http://127.0.0.1:9/mcp');
    expect(nowhere.code).toBe(1);
    expect(nowhere.stderr).toContain('Nothing answers at http://127.0.0.1:9/mcp.');
    expect((await fermata('demo', '--auto', '--kill', '--url', 'http://127.0.0.1:9/mcp')).code).toBe(2);
  });
});
