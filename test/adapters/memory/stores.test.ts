import { describe, expect, test } from 'vitest';
import { memoryStores } from '../../../core/adapters/memory/stores.ts';
import { describeAuditLogContract } from '../../contracts/audit-log.contract.ts';
import { describeEventLogContract } from '../../contracts/event-log.contract.ts';
import { describeExchangeStoreContract } from '../../contracts/exchange-store.contract.ts';
import { describeRoundGuardContract } from '../../contracts/round-guard.contract.ts';
import { describeSessionStoreContract } from '../../contracts/session-store.contract.ts';
import { describeStateStoreContract } from '../../contracts/state-store.contract.ts';
import type { StoresUnderTest } from '../../contracts/stores-under-test.ts';
import { handClock, sampleExchange, sampleSession } from '../../contracts/stores-under-test.ts';

const make = async (): Promise<StoresUnderTest> => {
  const clock = handClock();
  const stores = memoryStores({ now: clock.now });
  return { stores, ...clock, cleanup: () => stores.close() };
};

describeSessionStoreContract('memory', make);
describeExchangeStoreContract('memory', make);
describeEventLogContract('memory', make);
describeRoundGuardContract('memory', make);
describeStateStoreContract('memory', make);
describeAuditLogContract('memory', make);

describe('memory stores', () => {
  test('a full store refuses a new row with advice and loses none', async () => {
    const clock = handClock();
    const stores = memoryStores({ now: clock.now, rowsMax: 2 });
    await stores.sessions.create(sampleSession(clock.now()));
    await stores.exchanges.create(sampleExchange(clock.now()));
    const append = stores.events.append({ session: 'session-1', stream: 'n7' }, 1, [{}], { expiresAtMs: Infinity });
    await expect(append).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await stores.sessions.load('session-1')).toBeDefined();
    expect(await stores.exchanges.load('session-1', 'n7')).toBeDefined();
  });

  test('expired rows make room for new ones', async () => {
    const clock = handClock();
    const stores = memoryStores({ now: clock.now, rowsMax: 4 });
    const stream = { session: 'session-1', stream: 'n7' };
    const soon = { expiresAtMs: clock.now() + 10 };
    await stores.exchanges.create(sampleExchange(clock.now(), soon));
    await stores.events.append(stream, 1, [{}, {}], soon);
    await stores.rounds.claim('nonce', 'one', clock.now(), clock.now() + 5, soon.expiresAtMs);
    clock.advance(10);
    const later = { expiresAtMs: clock.now() + 10 };
    expect(await stores.events.append(stream, 1, [{}, {}, {}, {}], later)).toBe('appended');
  });

  test('a stream goes with its exchange, even where its events were given longer', async () => {
    const clock = handClock();
    const stores = memoryStores({ now: clock.now, rowsMax: 4 });
    const stream = { session: 'session-1', stream: 'n7' };
    const longer = { expiresAtMs: clock.now() + 1000 };
    await stores.exchanges.create(sampleExchange(clock.now(), { expiresAtMs: clock.now() + 10 }));
    await stores.events.append(stream, 1, [{}, {}, {}], longer);
    clock.advance(10);
    expect(await stores.events.append({ ...stream, stream: 'n8' }, 1, [{}, {}, {}, {}], longer)).toBe('appended');
    expect(await stores.events.read(stream, 0, 10)).toEqual([]);
  });

  test('without an owner everyone may be alive; with one, only the owner', () => {
    expect(memoryStores().mayBeAlive('anyone')).toBe(true);
    expect(memoryStores({ owner: 'me' }).mayBeAlive('me')).toBe(true);
    expect(memoryStores({ owner: 'me' }).mayBeAlive('another')).toBe(false);
  });
});
