/** What an SDK program in this process must not do to us, beyond the common contract: throw, reject, wake up, share objects. */
import { Server as ServerV1 } from '@modelcontextprotocol/sdk/server/index.js';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { Server as ServerV2 } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sdkProgram } from '../../../core/adapters/sdk/program.ts';
import { Conversation } from '../../support/conversation.ts';
import { CONFIRM_FORM, NAME_FORM, said } from '../../support/servers/texts.ts';
import v1Await from '../../support/servers/v1-await.ts';

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);

beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', onUnhandled);
});

afterEach(async () => {
  await new Promise(resolve => setTimeout(resolve, 5));
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled).toEqual([]);
});

/** A server of SDK v1 with one tool. */
const withTool = (handler: (server: McpServerV1, signal: AbortSignal) => Promise<unknown>) => () => {
  const mcp = new McpServerV1({ name: 'one-tool', version: '1.0.0' }, { capabilities: { logging: {} } });
  mcp.registerTool('go', {}, async extra => (await handler(mcp, extra.signal)) as ReturnType<typeof said>);
  return mcp;
};

const asked = async (factory: () => unknown): Promise<Conversation> => {
  const talk = await Conversation.ready(sdkProgram(factory));
  talk.callTool('go');
  await talk.question('elicitation/create');
  return talk;
};

describe.each(['park', 'stop'] as const)('an instance ended by %s', mode => {
  it('never settles its awaits, so that no catch and no finally of it runs', async () => {
    const ran: string[] = [];
    const talk = await asked(
      withTool(async ({ server }) => {
        try {
          await server.elicitInput(NAME_FORM);
        } catch {
          ran.push('catch');
        } finally {
          ran.push('finally');
        }
        return said('done');
      }),
    );
    await talk.instance.end(mode);
    await new Promise(resolve => setTimeout(resolve, 10));
    expect(ran).toEqual([]);
  });

  it('causes no unhandled rejection by a question that was started and is not awaited', async () => {
    const talk = await asked(
      withTool(async ({ server }) => {
        const first = server.elicitInput(NAME_FORM);
        await server.elicitInput(CONFIRM_FORM);
        return said(JSON.stringify(await first));
      }),
    );
    await talk.question('elicitation/create', 2);
    await talk.instance.end(mode);
  });

  it('causes none by what it sends or asks afterwards', async () => {
    const later: Promise<void>[] = [];
    let release = () => {};
    const held = new Promise<void>(resolve => {
      release = resolve;
    });
    const talk = await Conversation.ready(
      sdkProgram(
        withTool(async mcp => {
          later.push(
            held.then(() => {
              void mcp.sendLoggingMessage({ level: 'info', data: 'still here' });
              void mcp.server.elicitInput(NAME_FORM);
            }),
          );
          return said('done');
        }),
      ),
    );
    await talk.responseTo(talk.callTool('go'));
    await talk.instance.end(mode);
    const heard = talk.received.length;
    const timers = () => process.getActiveResourcesInfo().filter(kind => kind === 'Timeout').length;
    const before = timers();
    release();
    await Promise.all(later);
    await new Promise(resolve => setTimeout(resolve, 5));
    expect(talk.received).toHaveLength(heard);
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it('is told that its connection is gone, and may fail at that', async () => {
    let closed = 0;
    const talk = await asked(() => {
      const mcp = withTool(async ({ server }) => server.elicitInput(NAME_FORM))();
      mcp.server.onclose = () => {
        closed++;
        throw new Error('cleaning up failed');
      };
      return mcp;
    });
    await talk.instance.end(mode);
    expect(closed).toBe(1);
    expect(talk.exits).toEqual([]);
  });
});

describe('stopping', () => {
  it('aborts the signals of open calls, and parking does not', async () => {
    for (const [mode, aborted] of [
      ['stop', true],
      ['park', false],
    ] as const) {
      let seen: AbortSignal | undefined;
      const talk = await asked(
        withTool(async ({ server }, signal) => {
          seen = signal;
          return server.elicitInput(NAME_FORM);
        }),
      );
      await talk.instance.end(mode);
      expect([mode, seen?.aborted]).toEqual([mode, aborted]);
    }
  });
});

describe('the time limit of the SDK', () => {
  it.each([
    ['v1', () => new ServerV1({ name: 's', version: '1' }, { capabilities: { tools: {} } })],
    ['v2', () => new ServerV2({ name: 's', version: '1' }, { capabilities: { tools: {} } })],
  ])('does not end a question of SDK %s', async (_, factory) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      let question: Promise<unknown> | undefined;
      const program = sdkProgram(() => {
        const server = factory();
        server.oninitialized = () => {
          question = server.elicitInput(NAME_FORM);
        };
        return server;
      });
      const talk = await Conversation.ready(program);
      const request = await talk.question('elicitation/create');
      await vi.advanceTimersByTimeAsync(7 * 24 * 60 * 60_000);
      talk.answer(request, { action: 'accept', content: { name: 'Ada' } });
      expect(await question).toMatchObject({ action: 'accept', content: { name: 'Ada' } });
      expect(
        talk.received.filter(message => 'method' in message && message.method === 'notifications/cancelled'),
      ).toEqual([]);
      await talk.instance.end('park');
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('what passes between a program and us', () => {
  it('is a copy in both directions', async () => {
    const held = { content: [{ type: 'text', text: 'before' }], structuredContent: { list: [1] } };
    const args = { deep: { list: [1] } };
    const server = () => {
      const plain = new ServerV1({ name: 's', version: '1' }, { capabilities: { tools: {} } });
      plain.fallbackRequestHandler = async request => {
        const params = request.params as { deep: { list: number[] } };
        params.deep.list.push(2);
        return held;
      };
      return plain;
    };
    const talk = await Conversation.ready(sdkProgram(server));
    const response = await talk.request('custom/thing', args);
    held.structuredContent.list.push(2);
    expect(args).toEqual({ deep: { list: [1] } });
    expect(response).toMatchObject({ result: { structuredContent: { list: [1] } } });
    await talk.instance.end('stop');
  });

  it('is JSON: what is not becomes what JSON makes of it', async () => {
    const at = new Date(0);
    const server = () => {
      const plain = new ServerV1({ name: 's', version: '1' }, { capabilities: { tools: {} } });
      plain.fallbackRequestHandler = async () =>
        ({ at, nothing: undefined, nan: Number.NaN, list: [undefined, () => {}], ['__proto__']: { a: 1 } }) as object;
      return plain;
    };
    const talk = await Conversation.ready(sdkProgram(server));
    const response = await talk.request('custom/thing', {});
    expect(JSON.stringify(response)).toBe(
      '{"result":{"at":"1970-01-01T00:00:00.000Z","nan":null,"list":[null,null],"__proto__":{"a":1}},"jsonrpc":"2.0","id":"r3"}',
    );
    await talk.instance.end('stop');
  });

  it.each([
    ['a bigint', () => ({ big: 1n }), /is not JSON: A bigint is no JSON value\./],
    [
      'a cycle',
      () => {
        const ring: Record<string, unknown> = {};
        ring.ring = ring;
        return ring;
      },
      /is not JSON: /,
    ],
  ])('is an error, not a hang, when it is %s', async (_, make, message) => {
    const server = () => {
      const plain = new ServerV1({ name: 's', version: '1' }, { capabilities: { tools: {} } });
      plain.fallbackRequestHandler = async () => make() as object;
      return plain;
    };
    const talk = await Conversation.ready(sdkProgram(server));
    expect(await talk.request('custom/thing', {})).toMatchObject({
      error: { code: -32603, message: expect.stringMatching(message) },
    });
    await talk.instance.end('stop');
  });

  it('arrives in a turn of its own, so that an answer given at once does not come before its question returned', async () => {
    const order: string[] = [];
    const talk = new Conversation();
    const program = sdkProgram(
      withTool(async ({ server }) => {
        const question = server.elicitInput(NAME_FORM);
        order.push('asked');
        await question;
        order.push('answered');
        return said('done');
      }),
    );
    const instance = await program.start({
      onGarbage: () => {},
      onExit: () => {},
      onMessage: message => {
        if ('method' in message && 'id' in message) {
          order.push('heard');
          instance.send({ jsonrpc: '2.0', id: message.id, result: { action: 'decline' } });
        }
        if ('id' in message && message.id === 'go' && !('method' in message)) {
          order.push('done');
          talk.received.push(message);
        }
      },
    });
    const clientInfo = { name: 'c', version: '1' };
    const params = { protocolVersion: '2025-11-25', capabilities: { elicitation: {} }, clientInfo };
    instance.send({ jsonrpc: '2.0', id: 'init', method: 'initialize', params });
    instance.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    instance.send({ jsonrpc: '2.0', id: 'go', method: 'tools/call', params: { name: 'go', arguments: {} } });
    await vi.waitUntil(() => talk.received.length > 0);
    expect(order).toEqual(['asked', 'heard', 'answered', 'done']);
    await instance.end('stop');
  });
});

describe('a program that closes its own connection', () => {
  it('exits, after what it said before', async () => {
    const talk = await Conversation.ready(
      sdkProgram(
        withTool(async mcp => {
          await mcp.sendLoggingMessage({ level: 'info', data: 'goodbye' });
          await mcp.close();
          return said('never heard');
        }),
      ),
    );
    talk.callTool('go');
    expect(await talk.exit()).toEqual({ message: 'The program closed its connection.' });
    expect(talk.received.at(-1)).toMatchObject({ method: 'notifications/message', params: { data: 'goodbye' } });
    await talk.instance.end('stop');
    expect(talk.exits).toHaveLength(1);
  });
});

describe('starting an SDK program', () => {
  const failure = async (factory: () => unknown) => {
    const error = await sdkProgram(factory, { name: 'tracker' })
      .start({ onMessage: () => {}, onGarbage: () => {}, onExit: () => {} })
      .then(
        () => undefined,
        thrown => thrown,
      );
    expect(error).toMatchObject({ code: 'program_unstartable' });
    return error;
  };

  it('says what the factory threw, with the stack for the observer', async () => {
    const error = await failure(async () => {
      throw new Error('DATABASE_URL is not set');
    });
    expect(error.message).toBe('The server of tracker could not be built: its factory threw: DATABASE_URL is not set');
    expect(error.detail).toContain('instance.test.ts');
  });

  it.each([
    ['nothing (undefined)', undefined],
    ['a string', 'server'],
    ['an object with name, version', { name: 'a', version: 'b' }],
    ['an object of class Map', new Map()],
    ['a function (McpServer)', McpServerV1],
    ['an array', []],
  ])('says that it got %s instead of a server', async (what, product) => {
    expect((await failure(() => product)).message).toBe(
      `The factory of tracker returned ${what}. It must return an McpServer or a Server of the MCP SDK, not yet connected.`,
    );
  });

  it('refuses a server that it has had before, and one that is connected', async () => {
    const server = v1Await();
    const program = sdkProgram(() => server, { name: 'tracker' });
    const talk = await Conversation.ready(program);
    await talk.instance.end('stop');
    expect((await failure(() => server)).message).toBe(
      'The factory of tracker returned a server that is or was connected already. Build a new one inside the factory, every time it is called, and do not connect it.',
    );
  });

  it('refuses an SDK whose request timers it cannot find', async () => {
    const error = await failure(() => {
      const mcp = v1Await();
      Reflect.deleteProperty(mcp.server, '_timeoutInfo');
      return mcp;
    });
    expect(error.message).toMatch(/^tracker uses a release of the MCP SDK that Fermata does not know/);
  });
});
