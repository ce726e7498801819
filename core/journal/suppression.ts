/**
 * Which notifications of a run are news to the client. A program that runs again says everything again.
 *
 * Progress has a high-water mark, because the specification wants it to increase anyway ("Progress") and because it may be
 * driven by clocks; everything else is told apart by content and counted, so that the third of three equal messages is news
 * if only two were sent. Marks and counts are never reset between rounds. One suppression belongs to one run and counts in
 * place, since a program may say a hundred thousand things.
 */
import { canonicalJson, digest } from '../protocol/json.ts';
import type { RpcNotification } from '../protocol/messages.ts';
import type { Told } from './journal.ts';

export interface Suppression {
  /** Whether it is news. Call it once for each notification, in order, and deliver what it admits. */
  admits(notification: RpcNotification): boolean;
  /** All the client has been told by now. */
  told(): Told;
}

export function suppression(before: Told): Suppression {
  const heard = new Map<string, number>();
  let mark = before.progress;
  const isProgress = (progress: unknown): boolean => {
    if (typeof progress !== 'number' || (mark !== undefined && progress <= mark)) return false;
    mark = progress;
    return true;
  };
  const isUnheard = (notification: RpcNotification): boolean => {
    const print = digest(`${notification.method}\n${canonicalJson(notification.params)}`).slice(0, 11);
    const times = (heard.get(print) ?? 0) + 1;
    heard.set(print, times);
    return times > (before.sent[print] ?? 0);
  };
  return {
    admits: notification =>
      notification.method === 'notifications/progress'
        ? isProgress(notification.params?.progress)
        : isUnheard(notification),
    told: () => ({ sent: most(before.sent, heard), ...(mark === undefined ? {} : { progress: mark }) }),
  };
}

/** The greater count of each: a run that was cut short says less than an earlier one did. */
function most(before: Told['sent'], heard: ReadonlyMap<string, number>): Told['sent'] {
  const counts = new Map(Object.entries(before));
  for (const [print, times] of heard) counts.set(print, Math.max(times, counts.get(print) ?? 0));
  return Object.fromEntries(counts);
}
