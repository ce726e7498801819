/** The bridge between the eras, pinned by what each side gets to see. */
import { describe, expect, it } from 'vitest';
import { initializeResultOf, introductionOf, modernClientCapabilities } from '../../core/bridge/legacy-initialize.ts';
import { answerOf, isAnswerShaped, refusedOutcome } from '../../core/bridge/legacy-questions.ts';
import { modernRequestOf } from '../../core/bridge/legacy-request.ts';
import { legacyNotificationOf, legacyOutcomeOf } from '../../core/bridge/legacy-result.ts';

const ALONE = { hearOutsideCalls: false, listTasks: false };

describe('initialize', () => {
  it('shows what a modern server says of itself', () => {
    const discovered = {
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        tasks: {},
        extensions: { 'com.example/x': {} },
      },
      instructions: 'Be kind.',
      ttlMs: 5,
      cacheScope: 'public',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'n', version: 'v', title: 'T' } },
    };
    expect(initializeResultOf(discovered, '2025-06-18', ALONE)).toEqual({
      protocolVersion: '2025-06-18',
      capabilities: { tools: {}, resources: {}, extensions: { 'com.example/x': {} } },
      serverInfo: { name: 'n', version: 'v', title: 'T' },
      instructions: 'Be kind.',
    });
  });

  it('gives an anonymous server a name', () => {
    expect(initializeResultOf({}, '2025-11-25', ALONE).serverInfo).toEqual({
      name: 'unnamed-mcp-server',
      version: '0.0.0',
    });
  });

  it('takes a client without capabilities as one that can do nothing', () => {
    const params = { protocolVersion: '2025-03-26', clientInfo: { name: 'c', version: '1' } };
    expect(introductionOf(params)).toEqual({
      revision: '2025-03-26',
      clientInfo: { name: 'c', version: '1' },
      clientCapabilities: {},
    });
  });
});

describe('the capabilities of a client', () => {
  const all = {
    roots: { listChanged: true },
    sampling: { tools: {}, context: {} },
    elicitation: { form: {}, url: {} },
    tasks: { list: {} },
    experimental: { x: {} },
    extensions: { 'com.example/y': {} },
  };

  it.each([
    ['2025-11-25', { sampling: { tools: {}, context: {} }, elicitation: { form: {}, url: {} } }],
    ['2025-06-18', { sampling: { context: {} }, elicitation: { form: {} } }],
    ['2025-03-26', { sampling: { context: {} } }],
  ] as const)('of revision %s are what that revision knows', (revision, expected) => {
    const rest = { roots: {}, experimental: { x: {} }, extensions: { 'com.example/y': {} } };
    expect(modernClientCapabilities(all, revision)).toEqual({ ...rest, ...expected });
  });

  it('with an empty elicitation mean forms', () => {
    expect(modernClientCapabilities({ elicitation: {} }, '2025-11-25')).toEqual({ elicitation: { form: {} } });
  });
});

describe('a request', () => {
  it('keeps everything nobody here knows, and cannot forge its envelope', () => {
    const request = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name: 'x',
        strange: true,
        task: { ttl: 1 },
        requestState: 'forged',
        inputResponses: { forged: {} },
        _meta: {
          progressToken: 0,
          traceparent: '00-1-2-03',
          'com.example/key': 1,
          'io.modelcontextprotocol/clientCapabilities': { sampling: {} },
        },
      },
    } as const;
    const client = { clientInfo: { name: 'c', version: '1' }, clientCapabilities: {}, logLevel: 'error' } as const;
    expect(modernRequestOf(request, 'fresh', client, { requestState: 'real' })).toEqual({
      jsonrpc: '2.0',
      id: 'fresh',
      method: 'tools/call',
      params: {
        name: 'x',
        strange: true,
        requestState: 'real',
        _meta: {
          progressToken: 0,
          traceparent: '00-1-2-03',
          'com.example/key': 1,
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientInfo': { name: 'c', version: '1' },
          'io.modelcontextprotocol/clientCapabilities': {},
          'io.modelcontextprotocol/logLevel': 'error',
        },
      },
    });
  });
});

const CALL = { method: 'tools/call', revision: '2025-11-25' } as const;

describe('a result', () => {
  it('loses the modern envelope and nothing else', () => {
    const result = {
      resultType: 'complete',
      ttlMs: 0,
      cacheScope: 'private',
      content: [],
      extra: 1,
      _meta: { 'io.modelcontextprotocol/serverInfo': {}, 'com.example/k': 1 },
    };
    expect(legacyOutcomeOf({ result }, CALL)).toEqual({
      result: { content: [], extra: 1, _meta: { 'com.example/k': 1 } },
    });
  });

  it.each([[[1, 2]], ['text'], [3], [null]])('with structuredContent %j wraps it in an object', structuredContent => {
    expect(legacyOutcomeOf({ result: { structuredContent } }, CALL)).toEqual({
      result: { structuredContent: { result: structuredContent } },
    });
  });

  it('of an unknown type is the upstream’s fault', () => {
    expect(() => legacyOutcomeOf({ result: { resultType: 'task' } }, CALL)).toThrow('"task"');
  });

  it('as a notification loses its subscription', () => {
    const params = { uri: 'x:', _meta: { 'io.modelcontextprotocol/subscriptionId': 1 } };
    const notification = { jsonrpc: '2.0', method: 'notifications/resources/updated', params } as const;
    expect(legacyNotificationOf(notification)).toEqual({ ...notification, params: { uri: 'x:' } });
  });
});

describe('questions and answers', () => {
  it('tells a cancelled elicitation from a refused sampling', () => {
    const error = { code: -1, message: 'no' };
    expect(answerOf('elicitation/create', { error })).toEqual({ answer: { result: { action: 'cancel' } } });
    expect(answerOf('sampling/createMessage', { error })).toEqual({ refusal: error });
    expect(refusedOutcome('prompts/get', 'sampling/createMessage', error)).toEqual({ error });
  });

  it.each([
    ['elicitation/create', { action: 'accept', content: {} }, true],
    ['elicitation/create', { action: 'decline' }, true],
    ['elicitation/create', { action: 'maybe' }, false],
    ['elicitation/create', { action: 'accept', content: 'x' }, false],
    ['sampling/createMessage', { role: 'assistant', content: { type: 'text', text: '' }, model: 'm' }, true],
    ['sampling/createMessage', { role: 'assistant', content: [], model: 'm' }, true],
    ['sampling/createMessage', { content: {} }, false],
    ['roots/list', { roots: [] }, true],
    ['roots/list', {}, false],
  ] as const)('knows the shape of an answer to %s: %j', (method, result, expected) => {
    expect(isAnswerShaped(method, { result })).toBe(expected);
  });
});
