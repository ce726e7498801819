/** Session state: kept from call to call, once for each write, for its session and nobody else. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { expect, test } from 'vitest';
import { memoryStores } from '../../core/adapters/memory/stores.ts';
import { sdkProgram } from '../../core/adapters/sdk/program.ts';
import { LIMITS } from '../../core/base/limits.ts';
import type { CallContext } from '../../core/ports/stateless-server.ts';
import { session } from '../../index.ts';
import { callerOf, retried, type Told, textOf, told, toolCall, value } from '../support/programs/calling.ts';

const HERE = { id: 's', name: 'session-a', endsAtMs: Date.now() + 3_600_000 };

const program = sdkProgram(() => {
  const server = new McpServer({ name: 'keeping', version: '1.0.0' });
  const tool = (name: string, handler: () => Promise<unknown>) =>
    server.registerTool(name, {}, async () => ({
      content: [{ type: 'text', text: JSON.stringify(await handler()) ?? 'undefined' }],
    }));
  const ask = () =>
    server.server.elicitInput({
      message: 'Sure?',
      requestedSchema: { type: 'object', properties: { value: { type: 'string' } } },
    });
  const count = () => session.update<number>('count', (n = 0) => n + 1);
  tool('count', count);
  tool('get', () => session.get('count'));
  tool('forget', async () => [await session.delete('count'), await session.delete('count')]);
  tool('long', () => session.set('count', 'x'.repeat(LIMITS.stateValueBytesMax)));
  tool('many', async () => {
    for (let i = 0; i < LIMITS.stateKeysMax; i++) await session.set(`key-${i}`, i);
  });
  tool('odd', () => session.set('odd', (() => 1) as never));
  tool('ask', async () => {
    const before = await session.get<number>('count');
    const counted = await count();
    await session.set('last', counted ?? null);
    const deleted = [await session.delete('last'), await session.delete('last')];
    await session.set('last', counted ?? null);
    await ask();
    return [before, counted, await session.get('count'), await session.get('last'), ...deleted];
  });
  return server;
});

const deployment = () => {
  const { state } = memoryStores();
  const call = (name: string, context: Partial<CallContext> = { session: HERE }): Promise<Told> =>
    told(callerOf(program, { state }), toolCall(name), context);
  return {
    state,
    call,
    text: async (name: string, context?: Partial<CallContext>) => textOf(await call(name, context)),
  };
};

test('what a call keeps is there for the next one, in any process', async () => {
  const { text } = deployment();
  expect([await text('get'), await text('count'), await text('count'), await text('get')]).toEqual([
    'undefined',
    '1',
    '2',
    '2',
  ]);
  expect([await text('forget'), await text('get')]).toEqual(['[true,false]', 'undefined']);
});

test('forty calls at once count to forty', async () => {
  const { text } = deployment();
  for (let wave = 0; wave < 5; wave++) await Promise.all(Array.from({ length: 8 }, () => text('count')));
  expect(await text('get')).toBe('40');
});

test('another session has its own, and so has another principal who names the same session', async () => {
  const { text } = deployment();
  await text('count');
  expect(await text('get', { session: { ...HERE, name: 'session-b' } })).toBe('undefined');
  expect(await text('get', { session: HERE, principal: { id: 'mallory' } })).toBe('undefined');
  expect(await text('get')).toBe('1');
});

test('under replay a read gives what the first run found, and a write is made once', async () => {
  const { state, text } = deployment();
  await text('count');
  const request = toolCall('ask');
  const asked = await told(callerOf(program, { state }), request, { session: HERE });
  expect(await text('get')).toBe('2');
  await text('count');
  const keys = Object.keys(asked.result?.inputRequests as object);
  const retry = retried(request, asked, Object.fromEntries(keys.map(key => [key, value('yes')])));
  expect(textOf(await told(callerOf(program, { state }), retry, { session: HERE }))).toBe('[1,2,3,2,true,false]');
  expect(await text('get')).toBe('3');
});

test('over a bound the call fails and says which, and what was kept stands', async () => {
  const { text } = deployment();
  await text('count');
  expect(await text('long')).toMatch(
    /The value of "count" takes 65538 bytes; 65536 are allowed for one. Nothing was changed./,
  );
  expect(await text('many')).toMatch(/A session keeps 256 keys at most. Delete some before "key-255" is set./);
  expect(await text('odd')).toMatch(/The value of "odd" is no JSON: it is a function/);
  expect(await text('get')).toBe('1');
});

test('without a session, and without a store, the call says why', async () => {
  const { text } = deployment();
  expect(await text('get', {})).toMatch(/belongs to no session.*clients of MCP 2026-07-28 have none/);
  expect(textOf(await told(callerOf(program), toolCall('get'), { session: HERE }))).toMatch(
    /no store to keep session state in/,
  );
});
