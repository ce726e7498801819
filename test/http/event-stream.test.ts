/** The body of an event stream, read as slowly or as fast as a test wants. */
import { describe, expect, it, vi } from 'vitest';
import { eventStreamBody } from '../../core/http/event-stream.ts';
import type { StreamEvent } from '../../core/ports/stateful-server.ts';

const MESSAGE = { jsonrpc: '2.0', method: 'notifications/x' } as const;
const ON_WIRE = `data: ${JSON.stringify(MESSAGE)}\n\n`;
const never = new Promise<never>(() => undefined);

async function* silent(): AsyncGenerator<StreamEvent> {
  await never;
}

const textOf = (chunk: Uint8Array | undefined) => new TextDecoder().decode(chunk);

describe('the body of an event stream', () => {
  it('says something now and then while nothing is said, and stops with the stream', async () => {
    const reader = eventStreamBody(silent(), { onGone: () => undefined, keepAliveMs: 20 }).getReader();
    expect(textOf((await reader.read()).value)).toBe(':\n\n');
    expect(textOf((await reader.read()).value)).toBe(':\n\n');
    const cleared = vi.spyOn(globalThis, 'clearInterval');
    void reader.cancel();
    expect(cleared).toHaveBeenCalledOnce();
    cleared.mockRestore();
  });

  it('queues no comments for a client that does not read', async () => {
    vi.useFakeTimers();
    try {
      const reader = eventStreamBody(silent(), { onGone: () => undefined, keepAliveMs: 10 }).getReader();
      const first = reader.read();
      await vi.advanceTimersByTimeAsync(1_000);
      expect(textOf((await first).value)).toBe(':\n\n');
      const second = await reader.read();
      expect(textOf(second.value)).toBe(':\n\n');
      let third = false;
      void reader.read().then(() => {
        third = true;
      });
      await vi.advanceTimersByTimeAsync(0);
      expect(third).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });

  it('takes an event only when the last one was read', async () => {
    let taken = 0;
    const events = (async function* () {
      for (;;) {
        taken++;
        yield { message: MESSAGE };
      }
    })();
    const reader = eventStreamBody(events, { onGone: () => undefined }).getReader();
    await new Promise(resolve => setImmediate(resolve));
    expect(taken).toBe(0);
    expect(textOf((await reader.read()).value)).toBe(ON_WIRE);
    expect(textOf((await reader.read()).value)).toBe(ON_WIRE);
    await new Promise(resolve => setImmediate(resolve));
    expect(taken).toBe(2);
    await reader.cancel();
  });

  it('tells first that its client is gone, then ends the iteration', async () => {
    const order: string[] = [];
    const gone = new AbortController();
    const events = (async function* (): AsyncGenerator<StreamEvent> {
      try {
        yield { message: MESSAGE };
        await new Promise<void>(resolve => gone.signal.addEventListener('abort', () => resolve()));
        order.push('told');
      } finally {
        order.push('ended');
      }
    })();
    const reader = eventStreamBody(events, { onGone: () => gone.abort() }).getReader();
    await reader.read();
    void reader.read();
    await new Promise(resolve => setImmediate(resolve));
    await reader.cancel();
    expect(order).toEqual(['told', 'ended']);
  });
});
