/** The adapter against upstreams that are wrong in every way, each a few lines of node:http on a real socket. */
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { newKeyRing } from '../../../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../../../core/adapters/crypto/seal.ts';
import { httpCarrier } from '../../../core/adapters/http/carrier.ts';
import { upstreamOf } from '../../../core/adapters/http/post.ts';
import { httpServer } from '../../../core/adapters/http/server.ts';
import { type Fault, faultOf } from '../../../core/base/errors.ts';
import { LIMITS } from '../../../core/base/limits.ts';
import type { RpcNotification, RpcResponse } from '../../../core/protocol/messages.ts';
import { roundTrip } from '../../../core/upstream/upstream.ts';
import { heard, modernRequest } from '../../contracts/stateless-server.contract.ts';
import type { Handler } from '../../support/upstreams/raw.ts';
import { json, sse, upstream } from '../../support/upstreams/raw.ts';

const LIST = modernRequest('prompts/list');
const COMPLETE = { jsonrpc: '2.0', id: 1, result: { resultType: 'complete', prompts: [] } } as const;
const NOTE = { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 'p', progress: 1 } } as const;
const observer = () => undefined;

/** What is said before the fault, and the fault. */
async function failing(url: string): Promise<{ said: (RpcNotification | RpcResponse)[]; fault: Fault }> {
  const said: (RpcNotification | RpcResponse)[] = [];
  const call = { principal: { id: 'anonymous' }, signal: new AbortController().signal };
  try {
    for await (const message of httpServer({ url, observer })(LIST, call)) said.push(message);
  } catch (thrown) {
    return { said, fault: faultOf(thrown) };
  }
  throw new Error(`expected a fault, heard ${JSON.stringify(said)}`);
}

describe('what the adapter sends', () => {
  it('is the request as it is, with the headers that mirror it and those of the deployment', async () => {
    const sent: { headers: IncomingMessage['headers']; body: unknown }[] = [];
    await using there = await upstream((request, response, body) => {
      sent.push({ headers: request.headers, body: JSON.parse(body) });
      json(response, COMPLETE);
    });
    const server = httpServer({
      url: there.url,
      headers: { authorization: 'Bearer ours', 'Mcp-Method': 'forged' },
      observer,
    });
    const request = modernRequest('prompts/get', { name: 'größe', _meta: { 'org.example/x': 1 } });
    await heard(server, request);
    expect(sent).toEqual([
      {
        body: request,
        headers: expect.objectContaining({
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
          authorization: 'Bearer ours',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'prompts/get',
          'mcp-name': '=?base64?Z3LDtsOfZQ==?=',
        }),
      },
    ]);
  });

  it('follows a redirect within the origin, and to no other', async () => {
    await using there = await upstream((request, response) => {
      if (request.url === '/mcp') response.writeHead(307, { location: '/mcp/' }).end();
      else if (request.url === '/mcp/') json(response, COMPLETE);
    });
    expect(await heard(httpServer({ url: there.url, observer }), LIST)).toEqual([COMPLETE]);
    let reached = 0;
    await using elsewhere = await upstream((_, response) => {
      reached++;
      json(response, COMPLETE);
    });
    await using leading = await upstream((_, response) => response.writeHead(308, { location: elsewhere.url }).end());
    expect((await failing(leading.url)).fault).toMatchObject({ code: 'upstream_unreachable', data: { status: 308 } });
    expect(reached).toBe(0);
  });

  it('stops where redirects lead in circles', async () => {
    await using there = await upstream((_, response) => response.writeHead(307, { location: '/mcp' }).end());
    expect((await failing(there.url)).fault.code).toBe('upstream_unreachable');
  });
});

describe('an answer', () => {
  it.each([
    [404, { jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'No.' } }],
    [400, { jsonrpc: '2.0', id: 1, error: { code: -32021, message: 'No.', data: { requiredCapabilities: {} } } }],
    [500, { jsonrpc: '2.0', id: 1, error: { code: -32603, message: 'No.' } }],
  ])('that is a JSON-RPC error is one, with status %i as well', async (status, error) => {
    await using there = await upstream((_, response) => json(response, error, status));
    expect(await heard(httpServer({ url: there.url, observer }), LIST)).toEqual([error]);
  });

  it.each([null, undefined])('that is an error with the id %s gets the id of the request', async id => {
    await using there = await upstream((_, response) =>
      json(response, { jsonrpc: '2.0', id, error: { code: -32700, message: 'No.' } }, 400),
    );
    expect(await heard(httpServer({ url: there.url, observer }), LIST)).toEqual([
      { jsonrpc: '2.0', id: 1, error: { code: -32700, message: 'No.' } },
    ]);
  });

  it('without a result type is complete', async () => {
    await using there = await upstream((_, response) =>
      json(response, { jsonrpc: '2.0', id: 1, result: { prompts: [] } }),
    );
    expect(await heard(httpServer({ url: there.url, observer }), LIST)).toEqual([COMPLETE]);
  });

  it('may have the result type of an extension, if the client declared one', async () => {
    const task = { jsonrpc: '2.0', id: 1, result: { resultType: 'task', taskId: 't' } } as const;
    await using there = await upstream((_, response) => json(response, task));
    expect((await failing(there.url)).fault.code).toBe('upstream_invalid');
    const declared = modernRequest('prompts/list', {
      _meta: { 'io.modelcontextprotocol/clientCapabilities': { extensions: { 'x/tasks': {} } } },
    });
    expect(await heard(httpServer({ url: there.url, observer }), declared)).toEqual([task]);
  });

  it('comes through comments, ids, foreign events, priming and any cut of the stream', async () => {
    const text = `: hello\n\nid: 1\ndata: \n\nevent: ping\ndata: {}\n\nid: 2\nevent: message\ndata: ${JSON.stringify(NOTE)}\n\ndata: ${JSON.stringify(COMPLETE)}\n\n`;
    await using there = await upstream((_, response) => {
      const stream = sse(response);
      const bytes = Buffer.from(text);
      const next = (at: number): void => {
        if (at >= bytes.length) return void stream.end();
        stream.write(bytes.subarray(at, at + 7), () => setImmediate(next, at + 7));
      };
      next(0);
    });
    expect(await heard(httpServer({ url: there.url, observer }), LIST)).toEqual([NOTE, COMPLETE]);
  });

  it('comes without what was not asked for: log messages, and changes of lists', async () => {
    const said = [
      { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'error', data: 'hi' } },
      { jsonrpc: '2.0', method: 'notifications/tools/list_changed' },
      COMPLETE,
    ];
    await using there = await upstream((_, response) =>
      sse(response, ...said.map(message => `data: ${JSON.stringify(message)}\n\n`)),
    );
    expect(await heard(httpServer({ url: there.url, observer }), LIST)).toEqual([COMPLETE]);
    const logLevel = { 'io.modelcontextprotocol/logLevel': 'warning' };
    const wanted = modernRequest('prompts/list', { _meta: logLevel });
    expect(await heard(httpServer({ url: there.url, observer }), wanted)).toEqual([said[0], COMPLETE]);
  });

  it('on a stream that stays open is given at once, and the connection let go', async () => {
    let closed: (how: string) => void = () => undefined;
    const closing = new Promise<string>(resolve => {
      closed = resolve;
    });
    await using there = await upstream((_, response) => {
      sse(response, `data: ${JSON.stringify(COMPLETE)}\n\n`).on('close', () => closed('closed'));
    });
    expect(await heard(httpServer({ url: there.url, observer }), LIST)).toEqual([COMPLETE]);
    expect(await closing).toBe('closed');
  });
});

describe('an upstream that breaks the protocol', () => {
  it.each<[string, Handler, string]>([
    ['JSON that is none', (_, r) => json(r, '{'), 'its answer is no JSON-RPC response'],
    ['JSON that is no response', (_, r) => json(r, { hello: 1 }), 'its answer is no JSON-RPC response'],
    ['a batch', (_, r) => json(r, [COMPLETE]), 'its answer is no JSON-RPC response'],
    [
      'another content type',
      (_, r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
      'it answered with text/html',
    ],
    ['nothing', (_, r) => r.writeHead(202).end(), 'it answered with no content type'],
    [
      'the id of another request',
      (_, r) => json(r, { ...COMPLETE, id: '1' }),
      'its response has the id of another request',
    ],
    [
      'an unknown result type',
      (_, r) => json(r, { ...COMPLETE, result: { resultType: 'later' } }),
      'its result has the unknown type "later"',
    ],
    [
      'a result type that is no text',
      (_, r) => json(r, { ...COMPLETE, result: { resultType: 7 } }),
      'its result has the unknown type 7',
    ],
    [
      'an event that is no JSON',
      (_, r) => sse(r, 'data: {\n\n').end(),
      'an event of its stream is no JSON-RPC message',
    ],
    [
      'an event that is no message',
      (_, r) => sse(r, 'data: {"a":1}\n\n').end(),
      'an event of its stream is no JSON-RPC message',
    ],
    [
      'a request',
      (_, r) => sse(r, 'data: {"jsonrpc":"2.0","id":1,"method":"roots/list"}\n\n').end(),
      'it sent a request (roots/list), which a modern server never does',
    ],
    ['a stream without a response', (_, r) => sse(r, ': bye\n\n').end(), 'its stream ended without a response'],
    [
      'an event cut short',
      (_, r) => sse(r, `data: ${JSON.stringify(COMPLETE)}`).end(),
      'its stream ended without a response',
    ],
  ])('by %s is invalid', async (_, handler, what) => {
    await using there = await upstream(handler);
    expect((await failing(there.url)).fault).toMatchObject({
      code: 'upstream_invalid',
      message: `The upstream broke the protocol: ${what}.`,
    });
  });
});

describe.each(['modern', 'legacy'] as const)('an upstream of the %s era', era => {
  it('that floods its stream is invalid', async () => {
    const introduction = { protocolVersion: '2025-11-25', capabilities: { prompts: {} } };
    const unwanted = 'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info"}}\n\n';
    await using there = await upstream((_, response, body) => {
      if (JSON.parse(body).method === 'initialize')
        json(response, { jsonrpc: '2.0', id: JSON.parse(body).id, result: introduction });
      else sse(response, unwanted.repeat(LIMITS.upstreamMessagesPerRoundMax + 1)).end();
    });
    const environment = { now: () => 0, newId: () => 'id' };
    const legacy = { seal: aesSeal({ keys: newKeyRing() }), environment };
    expect(await heard(httpServer({ url: there.url, observer, legacy, era }), LIST)).toMatchObject([
      {
        error: {
          message: 'The upstream broke the protocol: it sent more than 100000 messages for one request.',
          data: { code: 'upstream_invalid' },
        },
      },
    ]);
  });
});

describe('an upstream that is not there', () => {
  it.each([
    401, 403, 404, 429, 500, 502, 503,
  ])('because it answers %i without a JSON-RPC body is unreachable', async status => {
    await using there = await upstream((_, response) =>
      response.writeHead(status, { 'content-type': 'text/html' }).end('<p>no</p>'),
    );
    expect((await failing(there.url)).fault).toMatchObject({ code: 'upstream_unreachable', data: { status } });
    await using foreign = await upstream((_, response) => json(response, { message: 'Forbidden' }, status));
    expect((await failing(foreign.url)).fault).toMatchObject({ code: 'upstream_unreachable', data: { status } });
  });

  it('because nobody listens is unreachable, and the client is not told where it would have been', async () => {
    const gone = await upstream(() => undefined);
    await gone[Symbol.asyncDispose]();
    const { fault } = await failing(gone.url);
    expect(fault).toMatchObject({
      code: 'upstream_unreachable',
      message: 'The upstream cannot be reached.',
      data: undefined,
    });
    expect(fault.detail).toContain(gone.url);
    expect(fault.detail).toContain('ECONNREFUSED');
  });

  it('because its name is unknown is unreachable', async () => {
    expect((await failing('http://no-such-host.invalid/mcp')).fault.code).toBe('upstream_unreachable');
  });
});

describe('an upstream that is lost', () => {
  it('before it answers may have done its work', async () => {
    await using there = await upstream(request => request.socket.destroy());
    expect((await failing(there.url)).fault.code).toBe('upstream_lost');
  });

  it('in the middle of a stream has said what it said', async () => {
    await using there = await upstream((request, response) => {
      sse(response).write(`data: ${JSON.stringify(NOTE)}\n\n`, () => setTimeout(() => request.socket.destroy(), 50));
    });
    const { said, fault } = await failing(there.url);
    expect([said, fault.code]).toEqual([[NOTE], 'upstream_lost']);
  });

  it('in the middle of a JSON body is lost as well', async () => {
    await using there = await upstream((request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"jsonrpc"', () => setTimeout(() => request.socket.destroy(), 50));
    });
    expect((await failing(there.url)).fault.code).toBe('upstream_lost');
  });
});

describe('an upstream that is silent', () => {
  const patient = async (url: string, method: string, signal = new AbortController().signal) => {
    const said = [];
    const carrier = httpCarrier(upstreamOf({ url }));
    const call = { principal: { id: 'anonymous' }, signal };
    for await (const message of roundTrip(carrier, modernRequest(method), {}, call, 100)) said.push(message);
    return said;
  };

  it.each<[string, Handler]>([
    ['before it answers', () => undefined],
    ['in the middle of a stream', (_, response) => sse(response, ': here\n\n')],
  ])('%s takes too long', async (_, handler) => {
    await using there = await upstream(handler);
    await expect(patient(there.url, 'prompts/list')).rejects.toMatchObject({ code: 'upstream_timeout' });
  });

  it('may take as long as it likes to be listened to', async () => {
    await using there = await upstream((_, response) => sse(response, `data: ${JSON.stringify(NOTE)}\n\n`));
    expect(await patient(there.url, 'subscriptions/listen', AbortSignal.timeout(1_000))).toEqual([NOTE]);
  });
});
