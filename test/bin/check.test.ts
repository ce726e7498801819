/** `fermata check`, as a person runs it. */
import { expect, test } from 'vitest';
import { sampleOf } from '../../bin/check/sample.ts';
import { built } from '../support/built.ts';
import { fermata } from '../support/command-line.ts';

const DIVERGENT = ['check', '--program', built('v1-divergent')];

test('check finds questions that vary, with both texts, and effects that are repeated, and fails', async () => {
  const { code, stdout, stderr } = await fermata(...DIVERGENT);
  expect(stderr).toBe('');
  expect(stdout).toMatch(
    /✗ varying {2}1 question, 2 runs\n {6}A question is another one when the handler runs again\./,
  );
  expect(stdout).toMatch(/run 1: elicitation\/create .*"Is it 1\?".*\n +run 2: elicitation\/create .*"Is it 2\?"/);
  expect(stdout).toMatch(
    /✗ repeating .*\n {6}Something is done before a question.*\n {8}appendFileSync .*fermata-check-\d+\n/,
  );
  expect(stdout).toMatch(/✓ right {2}1 question, 2 runs\n/);
  expect(stdout).toContain('Findings in 2 of 3 tools.');
  expect(code).toBe(1);
});

test('a program that does it right passes, a stdio command too', async () => {
  const [right, command] = await Promise.all([
    fermata(...DIVERGENT, '--tool', 'right'),
    fermata('check', '--', process.execPath, built('stdio-v1')),
  ]);
  expect(right).toMatchObject({ code: 0, stderr: '' });
  expect(right.stdout).toContain('Nothing found in 1 tool.');
  expect(command.stdout).toContain('cannot be seen from here');
});

test('check says what it was asked wrongly', async () => {
  const [nothing, unknown, json] = await Promise.all([
    fermata('check'),
    fermata(...DIVERGENT, '--tool', 'wrong'),
    fermata(...DIVERGENT, '--tool', 'right', '--arguments', '[1]'),
  ]);
  expect(nothing).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Give one of --program <file> and -- <command>'),
  });
  expect(unknown.stderr).toContain('no tool "wrong". It has: varying, repeating, right.');
  expect(json.stderr).toContain('--arguments must be a JSON object');
});

test('samples fit their schemas', () => {
  const schema = {
    type: 'object',
    required: ['name', 'mail', 'kind', 'count', 'list'],
    properties: {
      name: { type: 'string', minLength: 3 },
      mail: { type: 'string', format: 'email' },
      kind: { oneOf: [{ const: 'a' }, { const: 'b' }] },
      count: { type: 'integer', minimum: 4 },
      list: { type: 'array', items: { enum: ['x'] }, minItems: 2 },
      spare: { type: 'string' },
    },
  };
  expect(sampleOf(schema)).toEqual({ name: 'aaa', mail: 'a@example.com', kind: 'a', count: 4, list: ['x', 'x'] });
});
