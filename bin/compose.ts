/**
 * The composition root of `fermata serve`: settings in, a listening deployment out. The only place on one machine where stores,
 * runner, proxy and HTTP meet.
 *
 * What was opened is closed again if a later part fails. At the end: stop accepting, end streams with `retry`, let running
 * rounds finish for a while, then give the store free.
 */
import { join } from 'node:path';
import { embeddedKeyRing } from '../core/adapters/crypto/embedded-key-ring.ts';
import type { KeyRing } from '../core/adapters/crypto/key-ring.ts';
import { newKeyRing, parseKeyRing } from '../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../core/adapters/crypto/seal.ts';
import { memoryStores } from '../core/adapters/memory/stores.ts';
import { nodeEnvironment } from '../core/adapters/node/environment.ts';
import { sqliteStores } from '../core/adapters/sqlite/stores.ts';
import { LIMITS } from '../core/base/limits.ts';
import { isLoopback, LOOPBACK_NAMES } from '../core/base/loopback.ts';
import { ADMIN_PATH } from '../core/http/admin-app.ts';
import { httpApp } from '../core/http/app.ts';
import { APPROVALS_PATH } from '../core/http/approval-app.ts';
import { assertBindable } from '../core/http/loopback.ts';
import type { Served } from '../core/http/serve.ts';
import { addressOf, serveHttp } from '../core/http/serve.ts';
import type { AuditLog } from '../core/ports/audit-log.ts';
import type { Environment } from '../core/ports/environment.ts';
import type { Observer } from '../core/ports/observer.ts';
import type { Seal } from '../core/ports/seal.ts';
import type { SessionCommands } from '../core/ports/session-commands.ts';
import type { Stores } from '../core/ports/stores.ts';
import type { ProxySettings } from '../core/proxy/engine.ts';
import type { ProxyServer } from '../core/proxy/proxy.ts';
import { proxy } from '../core/proxy/proxy.ts';
import { ownCursors } from '../core/upstream/own-cursors.ts';
import { adminFor, beside } from './administration.ts';
import type { AuthMode } from './auth-settings.ts';
import { authenticatorFor } from './authentication.ts';
import type { Gates } from './gates.ts';
import { checkApprovers, gatesFor, pageFor } from './gates.ts';
import { Runners } from './runners.ts';
import { commandsFor } from './session-commands.ts';
import type { ServeSettings } from './settings.ts';
import { introducedName, upstreamFor } from './upstream.ts';
import { upstreamRelease } from './upstream-release.ts';
import { releasing, workspacesFor } from './workspaces.ts';

export interface Deployment {
  /** Of the MCP endpoint. */
  readonly url: string;
  /** By which clients know it: another one where their tokens are made for it. */
  readonly publicUrl: string;
  /** What is served, for people, and the name by which it introduces itself. */
  readonly description: string;
  readonly name: string;
  /** The folder of the store; `undefined` for memory. */
  readonly store: string | undefined;
  readonly auth: AuthMode;
  /** Ends everything in order; what waits goes on when it is started again. */
  close(): Promise<void>;
}

type Closing = () => Promise<void>;

/** Opens the stores of a folder, or of memory where there is none, for the process of a name. */
export type StoresFor = (folder: string | undefined, environment: Environment, owner: string) => Stores;

export async function compose(
  settings: ServeSettings,
  observer: Observer,
  version: string,
  storesFor: StoresFor = openStores,
): Promise<Deployment> {
  const opened: Closing[] = [];
  const close = async (): Promise<void> => {
    for (const closing of opened.splice(0).reverse()) await closing();
  };
  try {
    return { ...(await open(settings, observer, version, storesFor, opened)), close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function open(
  settings: ServeSettings,
  observer: Observer,
  version: string,
  storesFor: StoresFor,
  opened: Closing[],
): Promise<Omit<Deployment, 'close'>> {
  const { host, auth, data, retryLost, gates } = settings;
  assertBindable({ host, authenticated: auth.mode !== 'none' });
  checkApprovers(gates, auth.mode);
  const environment = nodeEnvironment();
  const owner = environment.newId();
  const stores = storesFor(data, environment, owner);
  opened.push(() => stores.close());
  if (settings.served.kind === 'example' && data !== undefined)
    process.env.EXPENSES_FILE ??= join(data, 'expenses.jsonl');

  const seal = aesSeal({ keys: keyRing(settings), packBytesMin: LIMITS.localPackBytesMin });
  const { warm, repeatable, notRepeatableTools, programMemory: memory } = settings;
  const warmth = { warm, warmMs: longestIdleMs(settings), repeatable, notRepeatableTools, memory };
  const workspaces = await workspacesFor(settings, { environment, observer });
  opened.push(async () => workspaces?.close());
  const files = workspaces === undefined ? {} : { workspaces };
  const kept = { guard: stores.rounds, state: stores.state, ...files };
  const run = { seal, environment, observer, owner, ...kept, retryLost, ...warmth };
  const runners = new Runners(run);
  opened.push(async () => runners.close());
  const upstream = await upstreamFor(settings.served, {
    observer,
    runner: runners.make,
    surroundings: settings,
    legacy: { seal, environment },
  });
  const { keeping } = upstream;
  opened.push(async () => keeping?.close());
  const name = await introducedName(upstream);

  const guarded = gatesFor(gates, {
    upstream: upstream.server,
    seal,
    environment,
    observer,
    state: stores.state,
    audit: stores.audit,
    base: () => base,
    secret: settings.webhookSecret,
    answer: (...given) => server.answer(...given),
  });
  opened.push(async () => guarded.webhook?.close());
  const server = proxy({
    upstream: ownCursors(guarded.server, seal),
    stores,
    environment,
    observer,
    owner,
    onSessionEnd: [runners.release, upstreamRelease(keeping), releasing(workspaces)],
    settings: policyIn(settings),
  });
  const letGo = (session: string, principal: string): void => runners.letGo(session, principal);
  const commands = commandsFor(settings, { admin: server.admin, workspaces, observer, letGo });
  const { audit } = stores;
  const shown = { server, commands, audit, approvals: guarded.approvals };
  const front = { settings, ...shown, observer, environment, seal, version };
  const served = await listening(front, opened);
  const base = gates.url ?? (auth.mode === 'jwt' ? new URL(auth.audience).origin : served.url);
  const url = `${served.url}/mcp`;
  const publicUrl = auth.mode === 'jwt' ? auth.audience : url;
  return { url, publicUrl, description: upstream.description, name, store: data, auth: auth.mode };
}

function policyIn(settings: ServeSettings): ProxySettings {
  const { idleTimeoutMs, lifetimeMs, idleAction, limits = {}, classes, retryLost, holdMs } = settings;
  const bounds = { drainMs: LIMITS.drainMs, ...(holdMs === undefined ? {} : { holdMs }) };
  return { idleTimeoutMs, lifetimeMs, idleAction, limits, classes, retryLost, ...bounds };
}

/** What a session keeps in memory goes when it falls asleep, and at the latest when nobody's would still be awake. */
const longestIdleMs = ({ idleTimeoutMs, classes }: ServeSettings): number =>
  Math.max(idleTimeoutMs, ...classes.map(({ policy }) => policy.idleTimeoutMs));

const openStores: StoresFor = (folder, environment, owner) =>
  folder === undefined ? memoryStores({ owner }) : sqliteStores({ folder, environment, owner });

interface Front {
  readonly settings: ServeSettings;
  readonly server: ProxyServer;
  readonly approvals: Gates['approvals'];
  readonly commands: SessionCommands | undefined;
  readonly audit: AuditLog;
  readonly observer: Observer;
  readonly environment: Environment;
  readonly seal: Seal;
  readonly version: string;
  /** Aborted when it closes. */
  readonly until: AbortSignal;
}

/** Listens, until everything is closed: lines first, then streams, and the rest when it has ended or was given time to. */
async function listening(front: Omit<Front, 'until'>, opened: Closing[]): Promise<Served> {
  const closing = new AbortController();
  const { host, port } = front.settings;
  const served = await serveHttp({ app: frontOf({ ...front, until: closing.signal }), host, port });
  opened.push(async () => {
    closing.abort();
    const drained = served.close(LIMITS.drainMs);
    await front.server.close();
    await drained;
  });
  return served;
}

/** What HTTP reaches: the MCP endpoint, and beside it the admin API and the page of approvals. */
function frontOf(front: Front) {
  const { settings, server, audit, approvals, commands, observer, environment, seal, version, until } = front;
  const { auth, gates, allowOrigins: origins, holdMs } = settings;
  const hosts = namesOf(settings);
  const authenticate = authenticatorFor(auth, { environment, observer });
  const health = () => ({ version, pid: process.pid });
  const sseUntil = holdMs === undefined ? until : undefined;
  const app = httpApp({ server, authenticate, hosts, origins, observer, health, sseUntil });
  const isSecure = gates.url?.startsWith('https:') ?? auth.mode === 'jwt';
  return beside(app, {
    [ADMIN_PATH]: adminFor(settings.adminKeys, server.admin, { audit, hosts, observer, commands }),
    [APPROVALS_PATH]: pageFor(approvals, {
      authenticate,
      hosts,
      seal,
      environment,
      observer,
      isSecure,
      addressOf,
      url: gates.url,
    }),
  });
}

/** Keys given from outside let several deployments open each other's state; else the store's folder holds one. */
function keyRing({ stateKeys, data }: ServeSettings): KeyRing {
  if (stateKeys !== undefined) return parseKeyRing(stateKeys, 'FERMATA_KEYS');
  return data === undefined ? newKeyRing() : embeddedKeyRing(data);
}

/** The `Host` names to answer to: those of this machine and those allowed; any, where every caller shows a credential. */
function namesOf({ host, allowHosts, auth, gates }: ServeSettings): readonly string[] | 'any' {
  if (allowHosts.length === 0 && !isLoopback(host)) return 'any';
  const published = auth.mode === 'jwt' ? [new URL(auth.audience).hostname] : [];
  const linked = gates.url === undefined ? [] : [new URL(gates.url).hostname];
  return [...LOOPBACK_NAMES, host, ...published, ...linked, ...allowHosts].map(name => name.toLowerCase());
}
