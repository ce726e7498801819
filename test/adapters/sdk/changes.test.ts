/** Changes that handlers of SDK v2 report in a later round, where they are called as 2026, are heard like any other: elsewhere too. */
import { inputRequired, McpServer } from '@modelcontextprotocol/server';
import { expect, it } from 'vitest';
import { memoryStores } from '../../../core/adapters/memory/stores.ts';
import { sdkServer } from '../../../core/adapters/sdk/program-server.ts';
import type { Caller } from '../../support/programs/calling.ts';
import {
  callerOf,
  contextOf,
  questionsIn,
  requestOf,
  retried,
  told,
  toolCall,
  value,
} from '../../support/programs/calling.ts';
import { said } from '../../support/servers/texts.ts';

function changing(): McpServer {
  const mcp = new McpServer({ name: 'changing', version: '1.0.0' }, { capabilities: { tools: { listChanged: true } } });
  mcp.registerTool('change', { description: 'Asks first' }, async ctx => {
    if (ctx.mcpReq.inputResponses === undefined) {
      const form = { message: 'Sure?', requestedSchema: { type: 'object' as const, properties: {} } };
      return inputRequired({ inputRequests: { sure: inputRequired.elicit(form) } });
    }
    mcp.sendToolListChanged();
    return said('changed');
  });
  return mcp;
}

it.each([
  'auto',
  'mrtr',
] as const)('a later round in the style %s tells those who listen in another process', async style => {
  const { state } = memoryStores();
  const caller = (): Caller => ({
    server: sdkServer({ factory: changing, style, runner: program => callerOf(program, { state }).server }),
    observations: [],
  });
  const here = caller();
  const closing = new AbortController();
  const listen = requestOf('subscriptions/listen', { notifications: { toolsListChanged: true } }, {}, 'listen');
  const heard = caller()
    .server(listen, contextOf({ signal: closing.signal }))
    [Symbol.asyncIterator]();
  expect((await heard.next()).value).toMatchObject({ method: 'notifications/subscriptions/acknowledged' });

  const call = toolCall('change');
  const asked = await told(here, call);
  expect(Object.keys(questionsIn(asked))).toEqual(['sure']);
  const { result } = await told(here, retried(call, asked, { sure: value('yes') }));
  expect(result).toMatchObject(said('changed'));
  expect((await heard.next()).value).toMatchObject({ method: 'notifications/tools/list_changed' });
  closing.abort();
  expect((await heard.next()).value).toMatchObject({ result: { resultType: 'complete' } });
});
