import { afterEach, describe, expect, it, vi } from 'vitest';
import { Line, linePositionOf } from '../../core/http/line.ts';
import { Lines } from '../../core/http/lines.ts';

afterEach(() => {
  vi.useRealTimers();
});

const note = (method: string) => ({ jsonrpc: '2.0', method }) as const;
const response = { jsonrpc: '2.0', id: 1, result: {} } as const;

describe('a line', () => {
  it('names in every event its session and the streams that have not ended', async () => {
    const line = new Line('l', 'ada');
    await line.say({ message: response });
    line.sessionId = 's';
    await line.say({ id: 'n1.0' });
    await line.say({ id: 'n1.1', message: note('a') });
    await line.say({ id: 'n2.1', message: note('b') });
    await line.say({ id: 'n1.2', message: response });
    const { events } = line.connect(0);
    const ids: (string | undefined)[] = [];
    for (let n = 0; n < 4; n++) ids.push((await events.next()).value?.id);
    expect(ids).toEqual([undefined, 's/2/n1.1', 's/3/n2.1,n1.1', 's/4/n2.1']);
    expect(linePositionOf('s/3/n2.1,n1.1')).toEqual({ sessionId: 's', number: 3, streams: ['n2.1', 'n1.1'] });
    for (const odd of ['', 's', 's/x/', 'n1.1', 's/1']) expect(linePositionOf(odd)).toBeUndefined();
  });

  it('lets what speaks wait for a client that does not read', async () => {
    const line = new Line('l', 'ada');
    let said = 0;
    const speaking = (async () => {
      for (; said < 100; said++) await line.say({ message: note('a') });
    })();
    await vi.waitFor(() => expect(said).toBe(64));
    const { events } = line.connect(0);
    for (let n = 0; n < 100; n++) await events.next();
    await speaking;
    expect(said).toBe(100);
  });

  it('is told by one connection at a time, and keeps what a lost one may not have brought', async () => {
    const line = new Line('l', 'ada');
    await line.say({ message: note('a') });
    const lost = line.connect(0);
    await lost.events.next();
    const pending = lost.events.next();
    const found = line.connect(0);
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(lost.leave()).toBe(false);
    expect((await found.events.next()).value?.message).toEqual(note('a'));
    expect(found.leave()).toBe(true);
    expect([line.reaches(0), line.reaches(1), line.reaches(2)]).toEqual([true, true, false]);
  });
});

describe('the lines of a process', () => {
  it('end when their client stays away for half a minute, and not before', () => {
    vi.useFakeTimers();
    const abandoned: string[] = [];
    const lines = new Lines(({ id }) => abandoned.push(id));
    const [stays, goes] = [new Line('stays', 'ada'), new Line('goes', 'ada')];
    for (const line of [stays, goes]) {
      lines.add(line);
      lines.left(line);
    }
    vi.advanceTimersByTime(29_999);
    lines.back(stays);
    vi.advanceTimersByTime(1);
    expect(abandoned).toEqual(['goes']);
    expect([stays.signal.aborted, goes.signal.aborted]).toEqual([false, true]);
    expect([lines.find('stays', 'ada'), lines.find('goes', 'ada'), lines.find('stays', 'bob')]).toEqual([
      stays,
      undefined,
      undefined,
    ]);
  });

  it('are bounded: one more ends the oldest that nobody holds', () => {
    const abandoned: string[] = [];
    const lines = new Lines(({ id }) => abandoned.push(id));
    const all = Array.from({ length: 4_096 }, (_, n) => new Line(`l${n}`, 'ada'));
    for (const line of all) lines.add(line);
    if (all[7] !== undefined) lines.left(all[7]);
    lines.add(new Line('more', 'ada'));
    lines.add(new Line('and more', 'ada'));
    expect(abandoned).toEqual(['l7', 'l0']);
    lines.endAll();
  });
});
