/**
 * Stores that belong to one simulated process and stop answering at a chosen operation, before or after it took effect.
 *
 * What a dead process had under way hangs for ever. A *zombie* wakes up later, when others have taken over, and carries out
 * what it had begun: nothing it does then may show.
 */
import type { Stores } from '../../core/ports/stores.ts';

export interface Mortal {
  readonly stores: Stores;
  /** Settles when the process dies. */
  readonly death: Promise<'dead'>;
  /** Lets everything that hangs go on: the process was only asleep. */
  wake(): void;
}

export interface Fate {
  /** The operation, counted from 1, at which the process dies; never if absent. */
  readonly diesAt: number | undefined;
  /** Whether that operation still takes effect: a reply that was lost. */
  readonly lastOperation: 'lost' | 'done';
}

export function mortalStores(stores: Stores, owner: string, fate: Fate): Mortal {
  let operations = 0;
  let die: (reason: 'dead') => void = () => {};
  let wake: () => void = () => {};
  const death = new Promise<'dead'>(resolve => {
    die = resolve;
  });
  const woken = new Promise<void>(resolve => {
    wake = resolve;
  });
  const live = async <T>(operation: () => Promise<T>): Promise<T> => {
    operations += 1;
    if (fate.diesAt === undefined || operations < fate.diesAt) return operation();
    const takesEffect = operations === fate.diesAt && fate.lastOperation === 'done';
    const early = takesEffect ? operation() : undefined;
    await early;
    die('dead');
    await woken;
    return early ?? operation();
  };
  return {
    death,
    wake: () => wake(),
    stores: {
      sessions: {
        create: session => live(() => stores.sessions.create(session)),
        load: (id, consistency) => live(() => stores.sessions.load(id, consistency)),
        commit: next => live(() => stores.sessions.commit(next)),
        list: query => live(() => stores.sessions.list(query)),
      },
      exchanges: {
        create: exchange => live(() => stores.exchanges.create(exchange)),
        load: (session, id) => live(() => stores.exchanges.load(session, id)),
        commit: next => live(() => stores.exchanges.commit(next)),
        unsettled: session => live(() => stores.exchanges.unsettled(session)),
        tasks: (session, page) => live(() => stores.exchanges.tasks(session, page)),
        weigh: session => live(() => stores.exchanges.weigh(session)),
      },
      events: {
        append: (address, first, events, options) => live(() => stores.events.append(address, first, events, options)),
        read: (address, after, limit) => live(() => stores.events.read(address, after, limit)),
        changed: (address, after, signal, patienceMs) => stores.events.changed(address, after, signal, patienceMs),
      },
      rounds: stores.rounds,
      state: stores.state,
      audit: stores.audit,
      mayBeAlive: candidate => candidate === owner,
      close: async () => {},
    },
  };
}
