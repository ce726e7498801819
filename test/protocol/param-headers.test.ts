import { describe, expect, it } from 'vitest';
import { mirroredParams, paramHeaders } from '../../core/protocol/param-headers.ts';

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
