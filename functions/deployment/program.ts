/**
 * The composition root of an await-style program on Lambda: the runner, served as MCP 2026-07-28 to whoever may invoke the
 * function. Nobody else gets in, not even by a URL of it, since the principal comes with the invocation.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Variables } from '../../bin/given.ts';
import { variable } from '../../bin/given.ts';
import { parseKeyRing } from '../../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../../core/adapters/crypto/seal.ts';
import { dynamodbStores } from '../../core/adapters/dynamodb/stores.ts';
import { invokedForOf, tenantIdOf } from '../../core/adapters/lambda-entry/event.ts';
import type { EntryOptions } from '../../core/adapters/lambda-entry/invocation.ts';
import type { StreamingHandler } from '../../core/adapters/lambda-entry/runtime.ts';
import { streamingEntry } from '../../core/adapters/lambda-entry/streaming.ts';
import { nodeEnvironment } from '../../core/adapters/node/environment.ts';
import { Fault } from '../../core/base/errors.ts';
import { LIMITS } from '../../core/base/limits.ts';
import type { Authenticator } from '../../core/http/authenticator.ts';
import { statelessApp } from '../../core/http/stateless-app.ts';
import type { Program } from '../../core/ports/program.ts';
import type { StatelessServer } from '../../core/ports/stateless-server.ts';
import type { SessionNotice } from '../../core/protocol/session-notice.ts';
import { sessionNoticeIn } from '../../core/protocol/session-notice.ts';
import { stateScopeOf, workspaceNameOf } from '../../core/protocol/state-scope.ts';
import type { Runner, Warmth } from '../../core/runner/runner.ts';
import { runner } from '../../core/runner/runner.ts';
import { logObserver } from './proxy.ts';
import { memoryIn, required, sessionsIn, warmthIn } from './settings.ts';
import { bucketWorkspaces } from './workspaces.ts';

type App = ReturnType<typeof statelessApp>;

/** A handler for what `serve` makes of a runner. The table is optional: with it, no round of a program ever runs twice, and sessions have state. */
export function programHandler(
  env: Variables,
  serve: (runner: (program: Program) => StatelessServer) => StatelessServer,
): StreamingHandler {
  const environment = nodeEnvironment();
  const observer = logObserver();
  const seal = aesSeal({ keys: parseKeyRing(required(env, 'FERMATA_KEYS'), 'FERMATA_KEYS') });
  const memory = memoryIn(env);
  // That a session has begun is noted there.
  const table = memory === 'required' ? required(env, 'FERMATA_TABLE') : variable(env, 'FERMATA_TABLE')?.text;
  const stores = table === undefined ? undefined : dynamodbStores({ table, environment, seal });
  const bucket = variable(env, 'FERMATA_WORKSPACE_BUCKET')?.text;
  const workspaces = bucket === undefined ? undefined : bucketWorkspaces(bucket, environment, observer);
  const { retryLost, idleTimeoutMs } = sessionsIn(env);
  const turning = new Turning();
  const run = {
    seal,
    environment,
    observer,
    owner: environment.newId(),
    warmMs: idleTimeoutMs,
    retryLost,
    memory,
    onTurnedAway: turning.away,
    // One request at a time is served here: who listens hears of what others report through the table only.
    ...(stores === undefined ? { tells: false } : { guard: stores.rounds, state: stores.state }),
    ...(workspaces === undefined ? {} : { workspaces }),
  };
  const runners: Runner[] = [];
  // A frozen environment costs nothing, and what is in its memory goes on if the next call comes to it.
  const keeping = (warm: Warmth): App => {
    const upstream = serve(program => {
      const made = runner({ program, ...run, warm });
      runners.push(made);
      return made;
    });
    return statelessApp({ upstream, authenticate: invokers, hosts: 'any', observer });
  };
  // The program first: what it writes at its end must not be found afterwards.
  const release = async ({ principal, session }: SessionNotice): Promise<void> => {
    await Promise.all(runners.map(made => made.release(session, principal)));
    await workspaces?.release(workspaceNameOf(principal, session), 'ended');
    await stores?.state.remove(stateScopeOf(principal, session));
    observer({ event: 'session.released', level: 'info', session, principal });
  };
  const withoutTenant = (): App => {
    if (memory === 'required') throw new Fault('setting_invalid', NO_TENANT);
    const message = `${NO_TENANT} It keeps no programs between calls.`;
    observer({ event: 'runner.no_tenant', level: 'warning', message });
    return keeping('runs');
  };
  const warm = warmthIn(env);
  const app = keeping(warm);
  return streamingEntry({
    app: warm === 'programs' ? forTenants(app, withoutTenant) : app,
    observer,
    afterwards: () => turning.over(),
    besides: event => {
      const notice = sessionNoticeIn(event);
      return notice && (() => release(notice));
    },
  });
}

/** Whether a function isolates tenants is known by its invocations alone. One that does not keeps no programs, and says so once. */
function forTenants(app: App, other: () => App): EntryOptions['app'] {
  let made: App | undefined;
  return {
    fetch: request => {
      if (tenantIdOf(request) !== undefined) return app.fetch(request);
      made ??= other();
      return made.fetch(request);
    },
  };
}

/** An environment that has turned a call away is at work for a moment longer, so that Lambda does not give it the same call again. */
class Turning {
  #isAway = false;

  readonly away = (): void => {
    this.#isAway = true;
  };

  async over(): Promise<void> {
    if (this.#isAway) await pause(LIMITS.memoryLingerMs);
    this.#isAway = false;
  }
}

const NO_TENANT =
  'FERMATA_TENANCY is "session", and this function was invoked without a tenant. ' +
  'Make it with tenant isolation (PER_TENANT), and set FERMATA_TENANCY=session of proxy and driver as well.';

const invokers: Authenticator = async request => {
  const principal = invokedForOf(request);
  if (principal !== undefined) return { principal: { id: principal } };
  return { rejected: 'This server is reached by invoking its function, and not by a URL.', challenge: 'Invoke' };
};
