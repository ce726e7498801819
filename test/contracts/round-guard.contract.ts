/** The contract of `RoundGuard`: every guard of rounds passes it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RoundGuard } from '../../core/ports/round-guard.ts';
import type { MakeStores, StoresUnderTest } from './stores-under-test.ts';

export function describeRoundGuardContract(name: string, make: MakeStores): void {
  describe(`${name}: round guard`, () => {
    let given: StoresUnderTest;
    let rounds: RoundGuard;
    let t: number;

    beforeEach(async () => {
      given = await make();
      rounds = given.stores.rounds;
      t = given.now();
    });
    afterEach(() => given.cleanup());

    const claim = (owner: string, nowMs: number, nonce = 'nonce') =>
      rounds.claim(nonce, owner, nowMs, nowMs + 10, t + 100);

    test('a nonce is claimed once while its holder is live', async () => {
      expect(await claim('one', t)).toEqual({ kind: 'claimed' });
      expect(await claim('two', t + 9)).toEqual({ kind: 'held', live: true });
      expect(await claim('one', t + 9)).toEqual({ kind: 'held', live: true });
    });

    test('two nonces are two rounds', async () => {
      expect(await claim('one', t, 'nonce')).toEqual({ kind: 'claimed' });
      expect(await claim('two', t, 'other')).toEqual({ kind: 'claimed' });
    });

    test('of eight claims at the same time exactly one wins', async () => {
      const claims = await Promise.all(Array.from({ length: 8 }, (_, i) => claim(`owner-${i}`, t)));
      expect(claims.filter(outcome => outcome.kind === 'claimed')).toHaveLength(1);
    });

    test('a holder whose time is over is held, and not live', async () => {
      await claim('one', t);
      expect(await claim('two', t + 10)).toEqual({ kind: 'held', live: false });
    });

    test('a holder whose time is over loses the nonce to the first who takes it', async () => {
      await claim('one', t);
      const taken = await Promise.all(['two', 'three'].map(owner => rounds.reclaim('nonce', owner, t + 10, t + 20)));
      expect(taken.filter(Boolean)).toHaveLength(1);
      expect(await claim('four', t + 19)).toEqual({ kind: 'held', live: true });
    });

    test('a live holder loses nothing, and a nonce nobody claimed cannot be taken over', async () => {
      await claim('one', t);
      expect(await rounds.reclaim('nonce', 'two', t + 9, t + 20)).toBe(false);
      expect(await rounds.reclaim('unknown', 'two', t + 10, t + 20)).toBe(false);
    });

    test('what the holder settles is what later claims learn, and it is settled once', async () => {
      await claim('one', t);
      await rounds.settle('nonce', 'one', '{"result":1}');
      await rounds.settle('nonce', 'one', '{"result":2}');
      expect(await claim('two', t + 50)).toEqual({ kind: 'settled', outcome: '{"result":1}' });
      expect(await rounds.reclaim('nonce', 'two', t + 50, t + 60)).toBe(false);
    });

    test('nobody but the holder settles: not a stranger, and not a holder who lost the nonce', async () => {
      await claim('one', t);
      await rounds.settle('nonce', 'stranger', 'wrong');
      await rounds.reclaim('nonce', 'two', t + 10, t + 20);
      await rounds.settle('nonce', 'one', 'late');
      expect(await claim('three', t + 11)).toEqual({ kind: 'held', live: true });
      await rounds.settle('nonce', 'two', 'right');
      expect(await claim('three', t + 12)).toEqual({ kind: 'settled', outcome: 'right' });
    });

    test('from its expiry on a nonce is free again, settled or not', async () => {
      await claim('one', t);
      await rounds.settle('nonce', 'one', 'outcome');
      expect(await rounds.claim('nonce', 'two', t + 100, t + 110, t + 200)).toEqual({ kind: 'claimed' });
      expect(await rounds.reclaim('nonce', 'three', t + 200, t + 210)).toBe(false);
    });
  });
}
