/**
 * The memory stores: the reference. Read these first to learn what the ports of `core/ports` ask for; every other store passes
 * the same contract suites (`test/contracts`). They last as long as the process, and share no object with their callers.
 */
import { LIMITS } from '../../base/limits.ts';
import type { Stores } from '../../ports/stores.ts';
import { memoryAuditLog } from './audit-log.ts';
import { memoryEventLog } from './event-log.ts';
import { memoryExchangeStore } from './exchange-store.ts';
import { Room } from './room.ts';
import { memoryRoundGuard } from './round-guard.ts';
import { memorySessionStore } from './session-store.ts';
import { memoryStateStore } from './state-store.ts';

export interface MemoryStoresOptions {
  /** Milliseconds since the epoch; the system's clock unless given. */
  readonly now?: () => number;
  /** The id under which this process takes leases. Without one, every owner is taken to be of this process, and alive. */
  readonly owner?: string;
  readonly rowsMax?: number;
}

export function memoryStores(options: MemoryStoresOptions = {}): Stores {
  const { now = Date.now, owner, rowsMax = LIMITS.memoryRowsMax } = options;
  const room = new Room({ now, rowsMax });
  const events = memoryEventLog(room);
  return {
    sessions: memorySessionStore(room),
    exchanges: memoryExchangeStore(room, address => events.clear(address)),
    events,
    rounds: memoryRoundGuard(room),
    state: memoryStateStore(room),
    audit: memoryAuditLog(room),
    mayBeAlive: candidate => owner === undefined || candidate === owner,
    close: async () => events.close(),
  };
}
