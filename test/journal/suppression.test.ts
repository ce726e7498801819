/** What of a replay is news: the law that a client hears everything once. */
import { expect, test } from 'vitest';
import { suppression } from '../../core/journal/suppression.ts';
import type { RpcNotification } from '../../core/protocol/messages.ts';

const log = (data: string): RpcNotification => ({
  jsonrpc: '2.0',
  method: 'notifications/message',
  params: { level: 'info', data },
});
const progress = (value: unknown): RpcNotification => ({
  jsonrpc: '2.0',
  method: 'notifications/progress',
  params: { progressToken: 1, progress: value },
});

test('equal messages are counted, so only as many as were sent are held back', () => {
  const first = suppression({ sent: {} });
  expect([log('a'), log('a'), log('b')].map(first.admits)).toEqual([true, true, true]);

  const second = suppression(first.told());
  expect([log('a'), log('b'), log('a'), log('a')].map(second.admits)).toEqual([false, false, false, true]);
  expect(Object.values(second.told().sent).sort()).toEqual([1, 3]);
});

test('progress must rise above everything sent before, in any round', () => {
  const first = suppression({ sent: {} });
  expect([1, 3, 2, 3, 'x', 4].map(value => first.admits(progress(value)))).toEqual([
    true,
    true,
    false,
    false,
    false,
    true,
  ]);
  expect(first.told()).toEqual({ sent: {}, progress: 4 });
  const second = suppression(first.told());
  expect([1, 4, 4.5].map(value => second.admits(progress(value)))).toEqual([false, false, true]);
});

test('a run that is cut short does not make anything news again', () => {
  const first = suppression({ sent: {} });
  for (const data of ['a', 'a', 'b']) first.admits(log(data));
  const cutShort = suppression(first.told());
  cutShort.admits(log('a'));
  expect(cutShort.told()).toEqual(first.told());
});
