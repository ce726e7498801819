/** A call's life in the runner: a plain one, and one whose questions are answered over several rounds. */
import { expect, test } from 'vitest';
import {
  callerOf,
  questionsIn,
  requestOf,
  retried,
  textOf,
  told,
  toolCall,
  value,
} from '../support/programs/calling.ts';
import { scripted, text } from '../support/programs/scripted.ts';

test('a plain call is one run of a fresh instance', async () => {
  const program = scripted({ tools: { greet: ({ args }) => text(`Hello ${args.name}`) } });
  const caller = callerOf(program);

  const answer = await told(caller, toolCall('greet', { arguments: { name: 'Ada' } }));

  expect(answer).toEqual({
    notifications: [],
    result: {
      content: [{ type: 'text', text: 'Hello Ada' }],
      resultType: 'complete',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'scripted', version: '1.0.0' } },
    },
  });
  expect(program.executions).toBe(1);
  expect(program.ends).toEqual(['stop']);
});

test('a question suspends the run, and its answer replays it', async () => {
  const program = scripted({ tools: { name: async ({ text: ask }) => text(`Hello ${await ask('Who are you?')}`) } });
  const caller = callerOf(program);
  const call = toolCall('name');

  const asked = await told(caller, call);
  const [key = ''] = Object.keys(questionsIn(asked));
  const answer = await told(caller, retried(call, asked, { [key]: value('Ada') }));

  expect(asked.result).toMatchObject({ resultType: 'input_required', requestState: expect.any(String) });
  expect(questionsIn(asked)).toEqual({
    [key]: {
      method: 'elicitation/create',
      params: {
        message: 'Who are you?',
        requestedSchema: { type: 'object', properties: { value: { type: 'string' } }, required: ['value'] },
      },
    },
  });
  expect(textOf(answer)).toBe('Hello Ada');
  expect(program.ends).toEqual(['park', 'stop']);
});

test('server/discover tells what initialize told, without tasks', async () => {
  const capabilities = { tools: { listChanged: true }, tasks: { list: {} }, extensions: { 'com.example/x': {} } };
  const answer = await told(callerOf(scripted({ capabilities })), requestOf('server/discover'));

  expect(answer.result).toEqual({
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: { listChanged: true }, extensions: { 'com.example/x': {} } },
    resultType: 'complete',
    ttlMs: 0,
    cacheScope: 'private',
    _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'scripted', version: '1.0.0' } },
  });
});
