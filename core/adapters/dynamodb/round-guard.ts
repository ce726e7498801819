/**
 * Rounds in DynamoDB: who claimed a nonce, until when, and what came of it. Many processes share the table, so a holder counts as
 * live by time alone. Time comes with each call, except where nothing depends on it.
 */
import { LIMITS } from '../../base/limits.ts';
import type { RoundGuard } from '../../ports/round-guard.ts';
import type { Bodies } from './bodies.ts';
import { expiryOf, isWrittenBy, newWriterId, number, numberIn, text } from './item.ts';
import { bindingOf, roundKey } from './keys.ts';
import type { Table } from './table.ts';
import { ABSENT_OR_EXPIRED } from './table.ts';

export function dynamodbRoundGuard(table: Table, bodies: Bodies, now: () => number): RoundGuard {
  return {
    async claim(nonce, owner, nowMs, untilMs, expiresAtMs) {
      const key = roundKey(nonce);
      const writer = newWriterId();
      const attributes = {
        ...expiryOf(expiresAtMs),
        holder: text(owner),
        until: number(untilMs),
        writer: text(writer),
      };
      const values = { ':now': number(nowMs) };
      const written = await table.put(key, attributes, { expression: ABSENT_OR_EXPIRED, values });
      if (written.done || isWrittenBy(written.found, writer)) return { kind: 'claimed' };
      const found = written.found ?? {};
      if (found.form !== undefined) return { kind: 'settled', outcome: await bodies.read(found, bindingOf(key)) };
      return { kind: 'held', live: numberIn(found, 'until') > nowMs };
    },

    async reclaim(nonce, owner, nowMs, untilMs) {
      const writer = newWriterId();
      const written = await table.update(roundKey(nonce), '#holder = :holder, #until = :until, #writer = :writer', {
        expression: 'attribute_not_exists(#form) AND #until <= :now AND #expires > :now',
        values: {
          ':holder': text(owner),
          ':until': number(untilMs),
          ':writer': text(writer),
          ':now': number(nowMs),
        },
      });
      return written.done || isWrittenBy(written.found, writer);
    },

    async settle(nonce, owner, outcome) {
      const key = roundKey(nonce);
      const writer = newWriterId();
      const { form, body } = await bodies.write(outcome, {
        binding: bindingOf(key),
        writer,
        // No round is claimed for longer than its `requestState` is honoured.
        ttl: expiryOf(now() + LIMITS.requestStateMsMax).ttl,
      });
      await table.update(key, '#form = :form, #body = :body, #writer = :writer', {
        expression: '#holder = :holder AND attribute_not_exists(#form)',
        values: {
          ':form': form ?? text(''),
          ':body': body ?? text(''),
          ':writer': text(writer),
          ':holder': text(owner),
        },
      });
    },
  };
}
