/**
 * Contract of everything that stands between a caller and a `StatelessServer`: it may not change what is said.
 *
 * `place` puts the thing under test in front of an original and gives back how to call it. The expected side of each test is
 * what the original says when it is called directly, so "served, then called, equals the original" is tested by giving both.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { Fault, faultOf, rpcErrorOf } from '../../core/base/errors.ts';
import type { StatelessServer } from '../../core/ports/stateless-server.ts';
import type { ModernRequest } from '../../core/protocol/envelope.ts';
import { META } from '../../core/protocol/envelope.ts';
import type { RpcNotification, RpcResponse } from '../../core/protocol/messages.ts';

export interface Placed extends AsyncDisposable {
  readonly server: StatelessServer;
}

type Said = RpcNotification | RpcResponse;

const _meta = { [META.protocolVersion]: '2026-07-28', [META.clientCapabilities]: { elicitation: { form: {} } } };

export const modernRequest = (
  method: string,
  params: Record<string, unknown> = {},
  id: string | number = 1,
): ModernRequest => ({
  jsonrpc: '2.0',
  id,
  method,
  params: { ...params, _meta: { ..._meta, ...(params._meta as object | undefined) } },
});

const resultOf = (request: ModernRequest, result: Record<string, unknown>): RpcResponse => ({
  jsonrpc: '2.0',
  id: request.id,
  result: { resultType: 'complete', ...result },
});

const progress = (value: number): RpcNotification => ({
  jsonrpc: '2.0',
  method: 'notifications/progress',
  params: { progressToken: 'p', progress: value },
});

/** Everything a server says; a fault is told as the error response it becomes on a wire. */
export async function heard(
  server: StatelessServer,
  request: ModernRequest,
  signal = new AbortController().signal,
): Promise<Said[]> {
  const said: Said[] = [];
  try {
    for await (const message of server(request, { principal: { id: 'anonymous' }, signal })) said.push(message);
  } catch (thrown) {
    said.push({ jsonrpc: '2.0', id: request.id, error: rpcErrorOf(faultOf(thrown)) });
  }
  return said;
}

/** A promise and what settles it. */
function event<T = void>(): { readonly happened: Promise<T>; readonly happen: (value: T) => void } {
  let happen: (value: T) => void = () => undefined;
  const happened = new Promise<T>(resolve => {
    happen = resolve;
  });
  return { happened, happen };
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>(resolve => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve())));

export interface Supports {
  /** A caller that gives up reaches the original. An invocation on Lambda cannot be taken back. */
  readonly cancelling?: boolean;
}

export function statelessServerContract(
  name: string,
  place: (original: StatelessServer) => Promise<Placed>,
  { cancelling = true }: Supports = {},
): void {
  describe(`${name}, called in place of the original`, () => {
    const open: Placed[] = [];
    afterEach(async () => {
      for (const placed of open.splice(0)) await placed[Symbol.asyncDispose]();
    });
    /** The server under test, in front of an original that also notes what it was asked. */
    async function placed(original: StatelessServer) {
      const asked: ModernRequest[] = [];
      const noting: StatelessServer = (request, call) => {
        asked.push(request);
        return original(request, call);
      };
      const thing = await place(noting);
      open.push(thing);
      return { server: thing.server, asked };
    }
    async function expectSame(original: StatelessServer, request: ModernRequest): Promise<void> {
      const { server, asked } = await placed(original);
      expect(await heard(server, request)).toEqual(await heard(original, request));
      // An adapter may look at lists of its own accord; the request itself arrives once, and as it was sent.
      expect(asked.filter(({ method }) => method === request.method)).toEqual([request]);
    }

    it('gives the same result', () =>
      expectSame(
        async function* (request) {
          yield resultOf(request, { content: [{ type: 'text', text: '3' }] });
        },
        modernRequest('tools/call', { name: 'add', arguments: { a: 1, b: 2 } }),
      ));

    it.each([
      ['a code of the specification', -32601],
      ['a code of the server', -32050],
      ['a missing capability', -32021],
      ['an internal error', -32603],
    ])('gives the same error for %s', (_, code) =>
      expectSame(async function* (request) {
        yield {
          jsonrpc: '2.0',
          id: request.id,
          error: { code, message: 'No.', data: { requiredCapabilities: { sampling: {} } } },
        };
      }, modernRequest('prompts/list')));

    it('gives the same fault as an error with its code', () =>
      expectSame(async function* () {
        throw new Fault('journal_mismatch', 'The program asked something else this time.');
      }, modernRequest('tools/list')));

    it('gives the same fault after a notification', () =>
      expectSame(async function* () {
        yield progress(1);
        throw new Fault('program_crashed', 'The program ended while it worked.');
      }, modernRequest('tools/list')));

    it('gives the same notifications before the result, in order', () =>
      expectSame(
        async function* (request) {
          for (let i = 1; i <= 500; i++) yield progress(i);
          yield resultOf(request, { done: true });
        },
        modernRequest('tools/call', { name: 'report' }),
      ));

    it('gives the same result when nothing is said for a while', () =>
      expectSame(
        async function* (request) {
          await new Promise(resolve => setTimeout(resolve, 400));
          yield resultOf(request, { slow: true });
        },
        modernRequest('tools/call', { name: 'slow' }),
      ));

    it('brings questions out and answers back, and the state between them byte for byte', async () => {
      const state = 'v1.αβγ "quoted" \\ /+=';
      const original: StatelessServer = async function* (request) {
        if (request.params.requestState === undefined) {
          const ask = {
            method: 'elicitation/create',
            params: { mode: 'form', message: 'Sure?', requestedSchema: { type: 'object', properties: {} } },
          };
          yield resultOf(request, {
            resultType: 'input_required',
            inputRequests: { confirm: ask },
            requestState: state,
          });
        } else {
          yield resultOf(request, { again: request.params });
        }
      };
      await expectSame(original, modernRequest('tools/call', { name: 'delete' }));
      await expectSame(
        original,
        modernRequest(
          'tools/call',
          { name: 'delete', requestState: state, inputResponses: { confirm: { action: 'accept', content: {} } } },
          'second',
        ),
      );
    });

    it('carries what it does not know, both ways', () =>
      expectSame(
        async function* (request) {
          yield { jsonrpc: '2.0', method: 'notifications/x', params: { _meta: { 'org.example/n': 1 }, more: [null] } };
          yield resultOf(request, {
            echo: request.params,
            _meta: { 'org.example/r': { deep: [1, { a: null }] } },
            unknown: true,
          });
        },
        modernRequest(
          'resources/read',
          { uri: 'test://ä/ö?x=1', _meta: { traceparent: '00-ab-cd-01', 'org.example/q': { z: 1 } }, extra: 'ü' },
          'id/with ünïcode',
        ),
      ));

    it.each([
      'größe messen',
      '日本語',
      ' padded ',
      '=?base64?eA==?=',
      '',
      'a'.repeat(2000),
    ])('takes the name %j', name =>
      expectSame(
        async function* (request) {
          yield resultOf(request, { name: request.params.name });
        },
        modernRequest('tools/call', { name }),
      ));

    it('carries big bodies', () =>
      expectSame(
        async function* (request) {
          const { text } = request.params;
          yield { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 'p', message: text } };
          yield resultOf(request, { text: `${text}${text}` });
        },
        modernRequest('tools/call', { name: 'big', text: 'ä0123456789"\\\n\u2028😀'.repeat(60_000) }),
      ));

    if (cancelling)
      it('tells the original when the caller does not want the answer any more, while it is silent', async () => {
        const started = event();
        const told = event<string>();
        const { server } = await placed(async function* (_, { signal }) {
          started.happen();
          await aborted(signal);
          told.happen('told');
        });
        const caller = new AbortController();
        const all = heard(server, modernRequest('prompts/get', { name: 'wait' }), caller.signal);
        await started.happened;
        caller.abort();
        expect(await told.happened).toBe('told');
        expect(await all).toEqual([]);
      });

    if (cancelling)
      it('tells the original when the caller does not want the answer any more, in the middle of a stream', async () => {
        const told = event<string>();
        const { server } = await placed(async function* (_, { signal }) {
          yield progress(1);
          await aborted(signal);
          told.happen('told');
        });
        const caller = new AbortController();
        const said: Said[] = [];
        for await (const message of server(modernRequest('tools/list'), {
          principal: { id: 'anonymous' },
          signal: caller.signal,
        })) {
          said.push(message);
          caller.abort();
        }
        expect(await told.happened).toBe('told');
        expect(said).toEqual([progress(1)]);
      });

    if (cancelling)
      it('lets the original clean up when the caller leaves the iteration', async () => {
        const clean = event<string>();
        const { server } = await placed(async function* (_, { signal }) {
          try {
            yield progress(1);
            await aborted(signal);
          } finally {
            clean.happen('clean');
          }
        });
        for await (const _ of server(modernRequest('tools/list'), {
          principal: { id: 'anonymous' },
          signal: new AbortController().signal,
        }))
          break;
        expect(await clean.happened).toBe('clean');
      });

    if (!cancelling)
      it('lets the caller go at once when it gives up, while the original is silent and in the middle of a stream', async () => {
        for (const begins of [false, true]) {
          const started = event();
          const over = event();
          const { server } = await placed(async function* (request) {
            if (begins) yield progress(1);
            started.happen();
            await over.happened;
            yield resultOf(request, {});
          });
          const caller = new AbortController();
          const all = heard(server, modernRequest('tools/list'), caller.signal);
          await started.happened;
          caller.abort();
          expect((await all).filter(said => !('method' in said))).toEqual([]);
          over.happen();
        }
      });

    it('keeps calls apart that run at the same time', async () => {
      const { server } = await placed(async function* (request) {
        yield progress(Number(request.id));
        await new Promise(resolve => setImmediate(resolve));
        yield resultOf(request, { id: request.id });
      });
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, i) => heard(server, modernRequest('tools/list', {}, i))),
      );
      all.forEach((said, i) => {
        expect(said).toEqual([progress(i), resultOf(modernRequest('tools/list', {}, i), { id: i })]);
      });
    });
  });
}
