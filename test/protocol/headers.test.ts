import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../core/protocol/base64.ts';
import { META } from '../../core/protocol/envelope.ts';
import { decodeHeaderValue, encodeHeaderValue, standardHeaders } from '../../core/protocol/headers.ts';
import fc from '../support/fast-check.ts';

describe('base64 of UTF-8', () => {
  it('is what Buffer says, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => {
        const encoded = Buffer.from(text, 'utf8').toString('base64');
        expect(encodeBase64(text)).toBe(encoded);
        expect(decodeBase64(encoded)).toBe(text);
      }),
    );
  });

  it.each([
    'SGVsbG8',
    'SGVs!G8=',
    'SGVsbG8==',
    'SGVsbG9=',
    'SGVsbG8=\n',
    '-_-_',
  ])('refuses %j, which is not canonical', text => {
    expect(decodeBase64(text)).toBeUndefined();
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(decodeBase64(Buffer.from([0xff, 0xfe]).toString('base64'))).toBeUndefined();
    expect(decodeBase64(Buffer.from([0xed, 0xa0, 0x80]).toString('base64'))).toBeUndefined();
  });
});

describe('header values', () => {
  it.each([
    ['add_expense', 'add_expense'],
    ['with space inside', 'with space inside'],
    [' padded ', '=?base64?IHBhZGRlZCA=?='],
    ['größe', '=?base64?Z3LDtsOfZQ==?='],
    ['', '=?base64??='],
    ['two\nlines', '=?base64?dHdvCmxpbmVz?='],
    ['=?base64?eA==?=', '=?base64?PT9iYXNlNjQ/ZUE9PT89?='],
    ['=?base64?=', '=?base64?='],
  ])('writes %j as %j and reads it back', (value, header) => {
    expect(encodeHeaderValue(value)).toBe(header);
    expect(decodeHeaderValue(header)).toBe(value);
  });

  it('trims what HTTP lets stand around a value', () => {
    expect(decodeHeaderValue(' \tadd ')).toBe('add');
  });

  it('takes the sentinel only in its exact spelling', () => {
    expect(decodeHeaderValue('=?BASE64?eA==?=')).toBe('=?BASE64?eA==?=');
    expect(decodeHeaderValue('=?base64?eA=?=')).toBeUndefined();
  });

  it('brings any text through a header unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), value => {
        const header = encodeHeaderValue(value);
        expect(header).toMatch(/^[\x20-\x7e]+$/);
        expect(decodeHeaderValue(header)).toBe(value);
      }),
    );
  });
});

it('gives a modern request the headers the specification requires', () => {
  const _meta = { [META.protocolVersion]: '2026-07-28', [META.clientCapabilities]: {} };
  const request = { jsonrpc: '2.0' as const, id: 1, method: 'tools/call', params: { name: 'größe', _meta } };
  expect(standardHeaders(request)).toEqual({
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': '=?base64?Z3LDtsOfZQ==?=',
  });
  expect(standardHeaders({ ...request, method: 'tools/list' })).not.toHaveProperty('mcp-name');
});
