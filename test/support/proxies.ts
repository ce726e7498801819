/** Proxies over memory stores with scripted upstreams, for tests; several may share one store, as processes do. */
import { memoryStores } from '../../core/adapters/memory/stores.ts';
import type { Observation } from '../../core/ports/observer.ts';
import type { SessionEnding } from '../../core/ports/session-end.ts';
import type { StatelessServer } from '../../core/ports/stateless-server.ts';
import type { Stores } from '../../core/ports/stores.ts';
import type { Dispatch, ProxySettings } from '../../core/proxy/engine.ts';
import type { ProxyServer } from '../../core/proxy/proxy.ts';
import { proxy } from '../../core/proxy/proxy.ts';

/** A clock that only tests move: it stands still meanwhile, so that nothing depends on how quick the machine is. */
export class TestClock {
  readonly #beganMs = Date.now();
  offsetMs = 0;
  /** For what must end by itself. */
  runs = false;
  now = (): number => (this.runs ? Date.now() : this.#beganMs) + this.offsetMs;
}

let ids = 0;

export interface ProxyUnderTest {
  readonly server: ProxyServer;
  readonly stores: Stores;
  readonly clock: TestClock;
  readonly observed: Observation[];
  /** What was told to whoever keeps something for sessions. */
  readonly endings: SessionEnding[];
  /** Another process on the same store; `deadOwners` are those it knows to be dead. */
  again(upstream?: StatelessServer): ProxyUnderTest;
}

export function proxyUnderTest(
  upstream: StatelessServer,
  settings: Partial<ProxySettings> = {},
  shared: { stores: Stores; clock: TestClock; mayBeAlive?: Stores['mayBeAlive'] } | undefined = undefined,
  dispatch: Dispatch | undefined = undefined,
): ProxyUnderTest {
  const clock = shared?.clock ?? new TestClock();
  const stores = shared?.stores ?? memoryStores({ now: clock.now });
  const owner = `process-${++ids}`;
  const observed: Observation[] = [];
  const endings: SessionEnding[] = [];
  const server = proxy({
    upstream,
    stores: { ...stores, mayBeAlive: shared?.mayBeAlive ?? (candidate => candidate === owner) },
    environment: { now: clock.now, newId: () => `session-${++ids}` },
    observer: observation => observed.push(observation),
    owner,
    dispatch,
    onSessionEnd: [ending => void endings.push(ending)],
    settings: {
      idleTimeoutMs: 900_000,
      lifetimeMs: 28_800_000,
      idleAction: 'sleep',
      retryLost: 'idempotent',
      drainMs: 100,
      ...settings,
    },
  });
  return {
    server,
    stores,
    clock,
    observed,
    endings,
    again: (next = upstream) => proxyUnderTest(next, settings, { stores, clock }),
  };
}
