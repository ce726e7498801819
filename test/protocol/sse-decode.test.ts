import { describe, expect, it } from 'vitest';
import type { SseEvent } from '../../core/protocol/sse-decode.ts';
import { decodeSse } from '../../core/protocol/sse-decode.ts';

async function* chunksOf(...chunks: string[]): AsyncGenerator<string> {
  yield* chunks;
}

async function decoded(chunks: AsyncIterable<string>, charactersMax?: number): Promise<SseEvent[]> {
  const events: SseEvent[] = [];
  for await (const event of decodeSse(chunks, charactersMax)) events.push(event);
  return events;
}

describe('decodeSse', () => {
  it('gives each event with its data, id and type', async () => {
    expect(
      await decoded(chunksOf(': hello\n\nid: n1.1\ndata:\n\nevent: message\nid: n1.2\ndata: {"a":1}\n\n')),
    ).toEqual([
      { data: '', id: 'n1.1' },
      { data: '{"a":1}', id: 'n1.2', event: 'message' },
    ]);
  });

  it('puts events together that were cut anywhere, with any line ending', async () => {
    const text = 'event: message\r\ndata: one\r\ndata: two\r\n\r\ndata: three\n\n';
    expect(await decoded(chunksOf(...text))).toEqual([{ data: 'one\ntwo', event: 'message' }, { data: 'three' }]);
  });

  it('drops an event that the end of the stream cut short', async () => {
    expect(await decoded(chunksOf('data: whole\n\ndata: half\n'))).toEqual([{ data: 'whole' }]);
  });

  it('refuses an event without end instead of keeping it in memory', async () => {
    await expect(decoded(chunksOf('data: ', 'x'.repeat(80), 'x'.repeat(80)), 100)).rejects.toMatchObject({
      code: 'upstream_invalid',
      message: 'An event of the stream is longer than 100 characters.',
    });
  });
});
