/** What a kept SDK program does with a request that was forgotten: nothing of it runs, and nothing of it stays. */
import { Server as ServerV1 } from '@modelcontextprotocol/sdk/server/index.js';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { Server as ServerV2 } from '@modelcontextprotocol/server';
import { describe, expect, it, vi } from 'vitest';
import { sdkProgram } from '../../../core/adapters/sdk/program.ts';
import { Conversation } from '../../support/conversation.ts';
import { leftOf } from '../../support/garbage.ts';
import { CONFIRM_FORM, NAME_FORM, said } from '../../support/servers/texts.ts';

/** A low-level server whose tool holds something while it asks, and says what it runs through. */
const holding = (Server: typeof ServerV1 | typeof ServerV2, held: WeakRef<object>[], ran: string[]) => () => {
  const server = new Server({ name: 'holding', version: '1.0.0' }, { capabilities: { tools: {}, logging: {} } });
  const go = async () => {
    const large = { bytes: new Uint8Array(1_000) };
    held.push(new WeakRef(large));
    try {
      await server.elicitInput(NAME_FORM);
      ran.push(`answered ${large.bytes.length}`);
    } catch {
      ran.push('catch');
    } finally {
      ran.push('finally');
    }
    return said('done');
  };
  if (server instanceof ServerV1) server.setRequestHandler(CallToolRequestSchema, go);
  else server.setRequestHandler('tools/call', go);
  return server;
};

describe.each([
  ['v1', ServerV1],
  ['v2', ServerV2],
] as const)('a request of SDK %s that was forgotten', (_, Server) => {
  it('takes no memory any more, runs no catch and no finally, and leaves the others as they are', async () => {
    const held: WeakRef<object>[] = [];
    const ran: string[] = [];
    const talk = await Conversation.ready(sdkProgram(holding(Server, held, ran)));
    const calls = [talk.callTool('go'), talk.callTool('go'), talk.callTool('go')];
    const last = await talk.question('elicitation/create', 3);
    for (const call of calls.slice(0, 2)) talk.instance.forget?.(call);
    expect(await leftOf(held.slice(0, 2))).toBe(0);
    expect(held[2]?.deref()).toBeDefined();
    talk.answer(last, { action: 'accept', content: { name: 'Ada' } });
    expect(await talk.responseTo(calls[2] ?? '')).toMatchObject({ result: said('done') });
    await talk.instance.end('stop');
    expect(ran).toEqual(['answered 1000', 'finally']);
  });
});

describe('a request that was forgotten and goes on by itself', () => {
  it('is not heard, and what it asks is never answered', async () => {
    const ran: string[] = [];
    let hurry = () => {};
    const hurried = new Promise<void>(resolve => {
      hurry = resolve;
    });
    const talk = await Conversation.ready(
      sdkProgram(() => {
        const mcp = new McpServerV1({ name: 'hurrying', version: '1.0.0' }, { capabilities: { logging: {} } });
        mcp.registerTool('go', {}, async () => {
          await Promise.race([mcp.server.elicitInput(NAME_FORM), hurried]);
          await mcp.sendLoggingMessage({ level: 'info', data: 'nobody came' });
          ran.push('told');
          await mcp.server.elicitInput(CONFIRM_FORM).finally(() => ran.push('finally'));
          return said('done');
        });
        return mcp;
      }),
    );
    const call = talk.callTool('go');
    await talk.question('elicitation/create');
    talk.instance.forget?.(call);
    const heard = talk.received.length;
    hurry();
    await vi.waitFor(() => expect(ran).toEqual(['told']));
    expect((await talk.request('ping', {})).id).toBeDefined();
    expect(ran).toEqual(['told']);
    expect(talk.received).toHaveLength(heard + 1);
  });
});
