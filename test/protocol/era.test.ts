import type { InboundClassificationOutcome } from '@modelcontextprotocol/server';
import { classifyInboundRequest } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../core/base/errors.ts';
import { META } from '../../core/protocol/envelope.ts';
import type { PostedHeaders } from '../../core/protocol/era.ts';
import { classify, idToEcho } from '../../core/protocol/era.ts';

const meta = { [META.protocolVersion]: '2026-07-28', [META.clientCapabilities]: {} };
const future = { ...meta, [META.protocolVersion]: 'v999.0.0' };
const without = (key: string) => Object.fromEntries(Object.entries(meta).filter(([name]) => name !== key));
const request = (method: string, params?: object) => ({ jsonrpc: '2.0', id: 1, method, ...(params && { params }) });
const call = (name: unknown, _meta: object = meta) => request('tools/call', { name, arguments: {}, _meta });
const list = request('tools/list', { _meta: meta });
const headers = (protocolVersion?: string, method?: string, name?: string): PostedHeaders => ({
  protocolVersion,
  method,
  name,
});
const MODERN = '2026-07-28';

/** What becomes of a body: its kind, or the code and JSON-RPC code of the fault. */
function fate(body: unknown, sent: PostedHeaders): string {
  try {
    return classify(body, sent).kind;
  } catch (thrown) {
    if (thrown instanceof Fault) return `${thrown.code} ${thrown.rpc}`;
    throw thrown;
  }
}

describe('a posted body', () => {
  it.each([
    ['a legacy request', request('tools/list'), headers('2025-11-25'), 'legacy'],
    ['a legacy request without any header', request('tools/list'), headers(), 'legacy'],
    ['initialize', request('initialize', { protocolVersion: '2025-11-25' }), headers(), 'legacy'],
    [
      'initialize that claims a legacy version',
      request('initialize', { _meta: { ...meta, [META.protocolVersion]: '2025-11-25' } }),
      headers(),
      'legacy',
    ],
    ['a legacy notification', { jsonrpc: '2.0', method: 'notifications/initialized' }, headers('2025-11-25'), 'legacy'],
    ['a legacy response', { jsonrpc: '2.0', id: 1, result: {} }, headers('2025-11-25'), 'legacy'],
    ['a batch', [request('tools/list')], headers(), 'legacy'],
    ['what is no message at all', 'hello', headers(), 'legacy'],
    ['a modern request', list, headers(MODERN, 'tools/list'), 'request'],
    ['a modern call', call('add'), headers(MODERN, 'tools/call', 'add'), 'request'],
    [
      'a modern call whose name is encoded',
      call('größe'),
      headers(MODERN, 'tools/call', '=?base64?Z3LDtsOfZQ==?='),
      'request',
    ],
    ['a modern call whose header is padded', call('add'), headers(MODERN, 'tools/call', '  add '), 'request'],
    ['a modern call without a name', call(undefined), headers(MODERN, 'tools/call'), 'request'],
    ['a method nobody knows', request('no/such', { _meta: meta }), headers(MODERN, 'no/such'), 'request'],
    ['a modern notification', { jsonrpc: '2.0', method: 'notifications/cancelled' }, headers(MODERN), 'notification'],
    ['a notification that claims', { jsonrpc: '2.0', method: 'n', params: { _meta: meta } }, headers(), 'notification'],
  ])('is told to be %s', (_, body, sent, kind) => {
    expect(fate(body, sent)).toBe(kind);
  });

  it.each([
    ['the envelope is missing', request('tools/list'), headers(MODERN, 'tools/list'), 'invalid_params -32602'],
    [
      'the envelope is empty',
      request('tools/list', { _meta: {} }),
      headers(MODERN, 'tools/list'),
      'invalid_params -32602',
    ],
    [
      'the version is missing',
      request('tools/list', { _meta: without(META.protocolVersion) }),
      headers(MODERN, 'tools/list'),
      'invalid_params -32602',
    ],
    [
      'the capabilities are missing',
      request('tools/list', { _meta: without(META.clientCapabilities) }),
      headers(MODERN, 'tools/list'),
      'invalid_params -32602',
    ],
    [
      'the version is no text',
      request('tools/list', { _meta: { ...meta, [META.protocolVersion]: 7 } }),
      headers(),
      'invalid_params -32602',
    ],
    [
      'the client has no name',
      request('tools/list', { _meta: { ...meta, [META.clientInfo]: {} } }),
      headers(MODERN, 'tools/list'),
      'invalid_params -32602',
    ],
    [
      'the log level is none',
      request('tools/list', { _meta: { ...meta, [META.logLevel]: 'loud' } }),
      headers(MODERN, 'tools/list'),
      'invalid_params -32602',
    ],
    [
      'the envelope is missing and the method header too',
      request('tools/list'),
      headers(MODERN),
      'invalid_params -32602',
    ],
    [
      'header and envelope differ',
      request('tools/list', { _meta: future }),
      headers(MODERN, 'tools/list'),
      'header_mismatch -32020',
    ],
    [
      'both name a version nobody knows',
      request('tools/list', { _meta: future }),
      headers('v999.0.0', 'tools/list'),
      'revision_unsupported -32022',
    ],
    [
      'the envelope names a legacy version',
      request('tools/list', { _meta: { ...meta, [META.protocolVersion]: '2025-11-25' } }),
      headers('2025-11-25'),
      'revision_unsupported -32022',
    ],
    ['the version header is missing', list, headers(undefined, 'tools/list'), 'header_mismatch -32020'],
    ['the method header is missing', list, headers(MODERN), 'header_mismatch -32020'],
    ['the method header differs', list, headers(MODERN, 'prompts/list'), 'header_mismatch -32020'],
    ['the method header differs in case', list, headers(MODERN, 'TOOLS/LIST'), 'header_mismatch -32020'],
    ['the name header is missing', call('add'), headers(MODERN, 'tools/call'), 'header_mismatch -32020'],
    ['the name header differs', call('add'), headers(MODERN, 'tools/call', 'sub'), 'header_mismatch -32020'],
    [
      'the name header is no base64',
      call('add'),
      headers(MODERN, 'tools/call', '=?base64?!?='),
      'header_mismatch -32020',
    ],
    ['initialize comes with a modern header', request('initialize', {}), headers(MODERN), 'header_mismatch -32020'],
    ['a method is of the past', request('ping', { _meta: meta }), headers(MODERN, 'ping'), 'method_unknown -32601'],
    [
      'initialize claims a version nobody knows',
      request('initialize', { _meta: future }),
      headers(),
      'revision_unsupported -32022',
    ],
    [
      'initialize is modern',
      request('initialize', { _meta: meta }),
      headers(MODERN, 'initialize'),
      'method_unknown -32601',
    ],
    ['a response is posted', { jsonrpc: '2.0', id: 1, result: {} }, headers(MODERN), 'invalid_request -32600'],
    ['a batch holds a modern request', [list], headers(), 'invalid_request -32600'],
    ['the id is null', { ...list, id: null }, headers(MODERN, 'tools/list'), 'invalid_request -32600'],
    ['it is no message', { hello: 1 }, headers(MODERN), 'invalid_request -32600'],
  ])('is refused when %s', (_, body, sent, expected) => {
    expect(fate(body, sent)).toBe(expected);
  });

  it('is told which versions there are, and which one it named', () => {
    expect(() => classify(request('tools/list', { _meta: future }), headers('v999.0.0'))).toThrow(
      expect.objectContaining({ data: { supported: ['2026-07-28'], requested: 'v999.0.0' } }),
    );
  });

  it('has an id to echo only if it is a request', () => {
    expect(idToEcho({ id: 7, method: 'x' })).toBe(7);
    expect(idToEcho({ id: 7, result: {} })).toBeUndefined();
    expect(idToEcho({ id: null, method: 'x' })).toBeUndefined();
    expect(idToEcho([1])).toBeUndefined();
  });
});

describe('the official SDK', () => {
  /**
   * Its classifier decides the era and the first half of the checks; ours must not disagree with it. Two differences
   * are meant: a header that names a version nobody knows does not make a request modern (the legacy face refuses it by
   * name), and a modern header on a batch or a response is refused here, not by the legacy face.
   */
  const verdict = (outcome: InboundClassificationOutcome): string =>
    outcome.kind === 'reject' ? String(outcome.code) : outcome.kind === 'legacy' ? 'legacy' : outcome.messageKind;

  const bodies = [
    request('tools/list'),
    list,
    call('add'),
    call('add', future),
    call('add', {}),
    call('add', without(META.clientCapabilities)),
    request('initialize', { protocolVersion: '2025-11-25' }),
    request('initialize', { _meta: meta }),
    request('initialize', { _meta: future }),
    request('tools/list', { _meta: { ...meta, [META.clientInfo]: 1 } }),
    request('tools/list', { _meta: { progressToken: 1 } }),
    { jsonrpc: '2.0', method: 'notifications/cancelled' },
    [list],
  ];
  const sent = [
    headers(),
    headers('2025-11-25'),
    headers(MODERN),
    headers(MODERN, 'tools/list'),
    headers(MODERN, 'tools/call', 'add'),
  ];

  it('decides every era as we do', () => {
    for (const body of bodies) {
      for (const { protocolVersion, method } of sent) {
        const theirs = verdict(
          classifyInboundRequest({
            httpMethod: 'POST',
            body,
            ...(protocolVersion === undefined ? {} : { protocolVersionHeader: protocolVersion }),
            ...(method === undefined ? {} : { mcpMethodHeader: method }),
          }),
        );
        const ours = fate(body, headers(protocolVersion, method));
        const where = JSON.stringify({ body, protocolVersion, method, ours, theirs });
        if (theirs === 'legacy' || theirs === 'notification') expect(ours, where).toBe(theirs);
        else if (theirs === 'request') expect(ours, where).toMatch(/^request$|-32020$|-32022$|-32601$/);
        else expect(ours, where).toContain(theirs);
      }
    }
  });
});
