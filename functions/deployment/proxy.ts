/**
 * The composition root of proxy and driver, which are the same but for who calls them: stores in DynamoDB, an upstream behind a
 * function or a URL, and the proxy between them.
 *
 * One environment serves one request at a time, and is frozen when its invocation is over: so connections are held only for
 * moments, and what is ready is handed to the driver's function.
 */
import { gatesFor } from '../../bin/gates.ts';
import { jsonObserver } from '../../bin/observers.ts';
import { upstreamRelease } from '../../bin/upstream-release.ts';
import { parseKeyRing } from '../../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../../core/adapters/crypto/seal.ts';
import { dynamodbStores } from '../../core/adapters/dynamodb/stores.ts';
import { httpServer } from '../../core/adapters/http/server.ts';
import { lambdaDispatch } from '../../core/adapters/lambda/dispatch.ts';
import { lambdaServer } from '../../core/adapters/lambda/server.ts';
import { lambdaSessionEnd } from '../../core/adapters/lambda/session-end.ts';
import { nodeEnvironment } from '../../core/adapters/node/environment.ts';
import { LIMITS } from '../../core/base/limits.ts';
import type { Row } from '../../core/gates/row.ts';
import type { AuditLog } from '../../core/ports/audit-log.ts';
import type { Environment } from '../../core/ports/environment.ts';
import type { Observer } from '../../core/ports/observer.ts';
import type { Seal } from '../../core/ports/seal.ts';
import type { OnSessionEnd } from '../../core/ports/session-end.ts';
import type { ProxyServer } from '../../core/proxy/proxy.ts';
import { proxy } from '../../core/proxy/proxy.ts';
import type { LegacyParts } from '../../core/upstream/legacy-server.ts';
import { ownCursors } from '../../core/upstream/own-cursors.ts';
import type { UpstreamServer } from '../../core/upstream/upstream-server.ts';
import type { ProxySettings, Upstream } from './settings.ts';

/** A model answers within this time; a person does not, and is not waited for. */
const HOLD_MS = 3_000;
/** A modern client whose call is decided on the page cannot come back by itself for long: this is billed while it waits. */
const APPROVAL_HOLD_MS = 20_000;

export interface DeployedProxy {
  readonly server: ProxyServer;
  readonly environment: Environment;
  readonly observer: Observer;
  readonly seal: Seal;
  readonly audit: AuditLog;
  readonly approvals: Row['approvals'];
  /** Resolves when nothing goes on behind the responses any more. */
  idle(): Promise<void>;
}

export const logObserver = (): Observer =>
  jsonObserver({ output: process.stdout, debug: false, now: () => new Date() });

export function deployedProxy({
  table,
  keys,
  upstream,
  driver,
  sessions,
  listed,
  gates,
  webhookSecret,
}: ProxySettings): DeployedProxy {
  const environment = nodeEnvironment();
  const observer = logObserver();
  const seal = aesSeal({ keys: parseKeyRing(keys, 'FERMATA_KEYS') });
  const stores = dynamodbStores({ table, environment, listed, seal });
  const called = upstreamServer(upstream, { observer, legacy: { seal, environment } });
  const guarded = gatesFor(gates, {
    upstream: called,
    seal,
    environment,
    observer,
    state: stores.state,
    audit: stores.audit,
    base: gates.url === undefined ? undefined : () => gates.url ?? '',
    secret: webhookSecret,
    holdMs: APPROVAL_HOLD_MS,
    answer: (...given) => server.answer(...given),
  });
  const { holdMs = HOLD_MS, ...policy } = sessions;
  const server = proxy({
    upstream: ownCursors(guarded.server, seal),
    stores,
    environment,
    observer,
    owner: environment.newId(),
    onSessionEnd: [upstreamRelease(called), ...programRelease(upstream)],
    settings: { ...policy, holdMs, holdWaitingMs: 0, drainMs: LIMITS.drainMs },
    dispatch: driver === undefined ? undefined : lambdaDispatch({ functionName: driver }),
  });
  const idle = async (): Promise<void> => {
    await server.idle();
    await guarded.webhook?.idle();
  };
  return { server, environment, observer, seal, audit: stores.audit, approvals: guarded.approvals, idle };
}

/** A program in a function of its own keeps files and memory for sessions. */
const programRelease = (upstream: Upstream): readonly OnSessionEnd[] =>
  upstream.kind === 'function' && upstream.isProgram
    ? [lambdaSessionEnd({ functionName: upstream.name, tenant: upstream.tenant })]
    : [];

function upstreamServer(
  upstream: Upstream,
  parts: { readonly observer: Observer; readonly legacy: LegacyParts },
): UpstreamServer {
  const { headers, era } = upstream;
  if (upstream.kind === 'url') return httpServer({ url: upstream.url, headers, era, ...parts });
  const { name, path, mode, tenant } = upstream;
  return lambdaServer({ functionName: name, path, mode, tenant, headers, era, ...parts });
}
