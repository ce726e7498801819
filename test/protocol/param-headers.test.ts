import { describe, expect, it } from 'vitest';
import { mirroredParams, paramHeaderProblem, paramHeaders } from '../../core/protocol/param-headers.ts';

const schema = {
  type: 'object',
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    count: { type: 'integer', 'x-mcp-header': 'Count' },
    deep: { type: 'object', properties: { dry: { type: 'boolean', 'x-mcp-header': 'Dry-Run' } } },
    plain: { type: 'string' },
  },
};

describe('parameters mirrored in headers', () => {
  it('are found where the schema says so, however deep', () => {
    expect(mirroredParams(schema)).toEqual([
      { header: 'mcp-param-region', path: ['region'] },
      { header: 'mcp-param-count', path: ['count'] },
      { header: 'mcp-param-dry-run', path: ['deep', 'dry'] },
    ]);
  });

  it('are sent as texts, encoded where needed', () => {
    const args = { region: 'Zürich', count: 3, deep: { dry: false }, plain: 'x' };
    expect(paramHeaders(mirroredParams(schema), args)).toEqual({
      'mcp-param-region': '=?base64?WsO8cmljaA==?=',
      'mcp-param-count': '3',
      'mcp-param-dry-run': 'false',
    });
  });

  it.each([
    ['no arguments at all', undefined],
    ['arguments that are absent or null', { region: null }],
    ['arguments of another kind', { region: { a: 1 }, count: 2 ** 60, deep: 'x' }],
  ])('are left out for %s', (_, args) => {
    expect(paramHeaders(mirroredParams(schema), args)).toEqual({});
  });

  it.each([
    ['is no token', { a: { type: 'string', 'x-mcp-header': 'not a token' } }],
    ['is empty', { a: { type: 'string', 'x-mcp-header': '' } }],
    ['is on a number', { a: { type: 'number', 'x-mcp-header': 'A' } }],
    [
      'is there twice but for case',
      { a: { type: 'string', 'x-mcp-header': 'A' }, b: { type: 'string', 'x-mcp-header': 'a' } },
    ],
  ])('are none in a schema with an annotation that %s', (_, properties) => {
    expect(
      mirroredParams({
        type: 'object',
        properties: { good: { type: 'string', 'x-mcp-header': 'Good' }, ...properties },
      }),
    ).toEqual([]);
  });

  it('are none under anything but properties', () => {
    expect(
      mirroredParams({ type: 'object', anyOf: [{ properties: { a: { type: 'string', 'x-mcp-header': 'A' } } }] }),
    ).toEqual([]);
  });
});

describe('the headers of a call', () => {
  const problem = (args: unknown, headers: Record<string, string>) =>
    paramHeaderProblem(mirroredParams(schema), args, name => headers[name]);

  it.each([
    [{ region: 'Hello' }, { 'mcp-param-region': '=?base64?SGVsbG8=?=' }],
    [{ region: 'SGVsbG8=' }, { 'mcp-param-region': 'SGVsbG8=' }],
    [{ region: '=?base64?SGVsbG8=' }, { 'mcp-param-region': '=?base64?SGVsbG8=' }],
    [{ region: 'eu' }, { 'mcp-param-region': '  eu ' }],
    [{ count: 42 }, { 'mcp-param-count': '42' }],
    [{ count: 42 }, { 'mcp-param-count': '42.0' }],
    [{ deep: { dry: true } }, { 'mcp-param-dry-run': 'true' }],
    [{ region: null, plain: 'x' }, {}],
    [{}, { 'mcp-param-region': 'not looked at' }],
    [{ region: { no: 'text' } }, {}],
    [undefined, {}],
  ])('mirror %j as %j', (args, headers) => {
    expect(problem(args, headers)).toBeUndefined();
  });

  it.each([
    [{ region: 'eu' }, {}, 'The mcp-param-region header is missing.'],
    [{ region: '' }, {}, 'The mcp-param-region header is missing.'],
    [
      { region: 'Hello' },
      { 'mcp-param-region': '=?base64?SGVsbG8?=' },
      'The mcp-param-region header holds no proper base64.',
    ],
    [
      { region: 'Hello' },
      { 'mcp-param-region': '=?base64?SGVs!!!bG8=?=' },
      'The mcp-param-region header holds no proper base64.',
    ],
    [{ region: 'eu' }, { 'mcp-param-region': 'EU' }, 'The mcp-param-region header does not say what the body says.'],
    [{ region: '42' }, { 'mcp-param-region': '42.0' }, 'The mcp-param-region header does not say what the body says.'],
    [{ count: 42 }, { 'mcp-param-count': '0x2a' }, 'The mcp-param-count header does not say what the body says.'],
    [{ count: 42 }, { 'mcp-param-count': '43' }, 'The mcp-param-count header does not say what the body says.'],
    [
      { deep: { dry: false } },
      { 'mcp-param-dry-run': 'true' },
      'The mcp-param-dry-run header does not say what the body says.',
    ],
  ])('do not mirror %j as %j', (args, headers, why) => {
    expect(problem(args, headers)).toBe(why);
  });
});
