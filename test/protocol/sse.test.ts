import { describe, expect, it } from 'vitest';
import { encodeSse, SSE_COMMENT } from '../../core/protocol/sse.ts';
import { decodeSse } from '../../core/protocol/sse-decode.ts';
import fc from '../support/fast-check.ts';

async function decoded(...chunks: string[]) {
  const events = [];
  for await (const event of decodeSse(
    (async function* () {
      yield* chunks;
    })(),
  ))
    events.push(event);
  return events;
}

describe('an event on the wire', () => {
  it.each([
    ['a primed id', { id: 'n1.0', data: '' }, 'id: n1.0\ndata: \n\n'],
    ['a primed id with retry', { id: 'n1.0', retry: 1000, data: '' }, 'id: n1.0\nretry: 1000\ndata: \n\n'],
    ['a retry alone', { retry: 1000 }, 'retry: 1000\n\n'],
    ['a message', { id: 'n1.1', data: '{"a":1}' }, 'id: n1.1\ndata: {"a":1}\n\n'],
    ['a message without an id', { data: '{"a":1}' }, 'data: {"a":1}\n\n'],
    ['a text of several lines', { data: 'a\r\nb\nc\rd' }, 'data: a\ndata: b\ndata: c\ndata: d\n\n'],
  ])('is written for %s', (_, fields, text) => {
    expect(encodeSse(fields)).toBe(text);
  });

  it('comes back as it was, wherever the text is cut and comments stand between', async () => {
    const event = fc.record({
      id: fc.stringMatching(/^n[0-9]{1,3}\.[0-9]{1,3}$/),
      data: fc.string({ unit: 'grapheme' }).map(text => JSON.stringify(text)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 5 }), fc.nat(), async (events, cut) => {
        const text = events.map(fields => SSE_COMMENT + encodeSse(fields)).join('');
        const at = text.length === 0 ? 0 : cut % text.length;
        expect(await decoded(text.slice(0, at), text.slice(at))).toEqual(events);
      }),
    );
  });
});
