/** What a legacy program says, as a modern client may see it. Literals, since peers see them. */
import { expect, test } from 'vitest';
import { isAdvertised } from '../../core/bridge/from-modern.ts';
import { discovery, introductionOf, modernError, modernResult, pagesToVisit } from '../../core/bridge/from-program.ts';
import { lackFor } from '../../core/bridge/from-question.ts';

const NAME = { name: 'n', version: '1' };
const _meta = { 'io.modelcontextprotocol/serverInfo': NAME };

test('every result is complete and says whose it is; other metadata stays', () => {
  expect(modernResult('tools/call', { content: [], _meta: { own: 1 } }, NAME)).toEqual({
    content: [],
    resultType: 'complete',
    _meta: { own: 1, ..._meta },
  });
});

test.each([
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
])('%s may be kept for no time by nobody else, unless the program says more', method => {
  expect(modernResult(method, {}, NAME)).toEqual({ ttlMs: 0, cacheScope: 'private', resultType: 'complete', _meta });
  const own = { ttlMs: 5, cacheScope: 'public' };
  expect(modernResult(method, own, NAME)).toEqual({ ...own, resultType: 'complete', _meta });
  expect(modernResult(method, { ttlMs: -1, cacheScope: 'x' }, NAME)).toMatchObject({ ttlMs: 0, cacheScope: 'private' });
});

test('tools lose what says how they run as tasks of 2025', () => {
  const tools = [{ name: 'a', execution: { taskSupport: 'optional' }, annotations: {} }, 'odd'];
  expect(modernResult('tools/list', { tools, nextCursor: '' }, NAME)).toMatchObject({
    tools: [{ name: 'a', annotations: {} }, 'odd'],
    nextCursor: '',
  });
});

test('a program of any age can be discovered', () => {
  expect(introductionOf({})).toEqual({ serverInfo: { name: 'unknown', version: '0' }, capabilities: {} });
  const introduction = introductionOf({
    serverInfo: NAME,
    capabilities: { tools: {}, tasks: {} },
    instructions: 'Be kind.',
  });
  expect(discovery(introduction)).toEqual({
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {} },
    instructions: 'Be kind.',
    ttlMs: 0,
    cacheScope: 'private',
    resultType: 'complete',
    _meta,
  });
});

const error = (code: number, data?: unknown) => ({ code, message: 'm', ...(data === undefined ? {} : { data }) });
const params = { uri: 'test://gone' };

test.each([
  ['a missing resource', 'resources/read', error(-32002), error(-32602, { uri: 'test://gone' })],
  [
    'a missing resource that names itself',
    'resources/read',
    error(-32002, { uri: 'a:b' }),
    error(-32602, { uri: 'a:b' }),
  ],
  ['a missing resource of SDK v1', 'resources/read', error(-32602), error(-32602, { uri: 'test://gone' })],
  ['wrong parameters elsewhere', 'tools/call', error(-32602), error(-32602)],
  ['an unknown method', 'tools/call', error(-32601), error(-32601)],
  ['a code of the implementation', 'tools/call', error(-32000), error(-32000)],
  ['a code the specification defines', 'tools/call', error(-32021, { a: 1 }), error(-32021, { a: 1 })],
  ['an undefined reserved code', 'tools/call', error(-32050, { a: 1 }), error(-32603, { a: 1, originalCode: -32050 })],
  [
    'the same with odd data',
    'tools/call',
    error(-32099, 'x'),
    error(-32603, { originalData: 'x', originalCode: -32099 }),
  ],
  ['a page to visit where none may be asked for', 'tools/list', error(-32042), error(-32603, { originalCode: -32042 })],
])('%s', (_, method, from, to) => {
  expect(modernError(method, params, from)).toEqual(to);
});

test('pages to visit are those of -32042 that are pages', () => {
  const page = { mode: 'url', url: 'https://example.com', message: 'Sign in' };
  expect(pagesToVisit({ error: error(-32042, { elicitations: [page, {}, 5] }) })).toEqual([page]);
  expect(pagesToVisit({ error: error(-32042, { elicitations: [] }) })).toBeUndefined();
  expect(pagesToVisit({ error: error(-32042) })).toBeUndefined();
  expect(pagesToVisit({ error: error(-32041, { elicitations: [page] }) })).toBeUndefined();
  expect(pagesToVisit({ result: {} })).toBeUndefined();
});

test('methods behind a capability that is not advertised are not served', () => {
  expect(isAdvertised('tools/call', { tools: {} })).toBe(true);
  expect(isAdvertised('resources/templates/list', {})).toBe(false);
  expect(isAdvertised('completion/complete', { completions: {} })).toBe(true);
  expect(isAdvertised('tasks/result', { tasks: {} })).toBe(false);
  expect(isAdvertised('com.example/own', {})).toBe(true);
});

test('forms are possible unless only pages were declared', () => {
  const lacks = (elicitation: unknown) => lackFor('elicitation/create', { message: 'm' }, { elicitation })?.required;
  expect(lacks({})).toBeUndefined();
  expect(lacks({ form: {} })).toBeUndefined();
  expect(lacks({ url: {} })).toEqual({ elicitation: { form: {} } });
  expect(lacks(undefined)).toEqual({ elicitation: { form: {} } });
});
