/** Canonical JSON and digests: what means the same gives the same text. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { callDigest, canonicalJson, digest } from '../../core/protocol/json.ts';
import fc from '../support/fast-check.ts';

describe('canonical JSON', () => {
  it('sorts keys at every depth, leaves out what is undefined, and drops what is named', () => {
    expect(canonicalJson({ b: [{ d: 1, c: undefined }], a: 'x' })).toBe('{"a":"x","b":[{"d":1}]}');
    expect(canonicalJson({ _meta: 1, a: { _meta: 2, b: 3 } }, new Set(['_meta']))).toBe('{"a":{"b":3}}');
  });

  it('means the same as what it was made from, whatever the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(JSON.parse(canonicalJson(value)))).toBe(canonicalJson(value));
      }),
    );
  });
});

describe('a digest', () => {
  it('is the beginning of SHA-256 in base64url', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => {
        expect(digest(text)).toBe(createHash('sha256').update(text).digest('base64url').slice(0, 22));
      }),
    );
  });

  it('of a call does not depend on what differs between rounds', () => {
    const call = callDigest('tools/call', { name: 'x', arguments: { a: 1 } });
    expect(
      callDigest('tools/call', {
        arguments: { a: 1 },
        name: 'x',
        _meta: { progressToken: 1 },
        requestState: 's',
        inputResponses: {},
      }),
    ).toBe(call);
    expect(callDigest('tools/call', { name: 'x', arguments: { a: 1, _meta: 2 } })).not.toBe(call);
    expect(callDigest('prompts/get', { name: 'x', arguments: { a: 1 } })).not.toBe(call);
  });
});
