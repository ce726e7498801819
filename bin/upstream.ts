/**
 * What is made stateful, as a `StatelessServer`: the bundled example, a module, a stdio command, or a server on the network.
 *
 * It is asked once who it is before anything is served, so that a program that does not start, or a wrong URL, is told to
 * whoever starts the server and not to its first client.
 */
import { probe } from '../core/adapters/http/probe.ts';
import { httpServer } from '../core/adapters/http/server.ts';
import { loadFactory } from '../core/adapters/sdk/load-factory.ts';
import { sdkServer } from '../core/adapters/sdk/program-server.ts';
import { stdioProgram } from '../core/adapters/stdio/program.ts';
import { Fault } from '../core/base/errors.ts';
import { LIMITS } from '../core/base/limits.ts';
import type { Observer } from '../core/ports/observer.ts';
import type { Program } from '../core/ports/program.ts';
import type { StatelessServer } from '../core/ports/stateless-server.ts';
import type { ModernRequest } from '../core/protocol/envelope.ts';
import { META } from '../core/protocol/envelope.ts';
import { isObject } from '../core/protocol/messages.ts';
import { LATEST_MODERN_REVISION } from '../core/protocol/revisions.ts';
import type { LegacyParts } from '../core/upstream/legacy-server.ts';
import type { Keeping } from '../core/upstream/upstream-server.ts';
import expenseTracker from '../examples/expense-tracker/server.ts';
import type { ProgramSettings } from './program-settings.ts';
import type { Served } from './settings.ts';
import { packageVersion } from './version.ts';

export interface Upstream {
  /** What it is, for people. */
  readonly description: string;
  readonly server: StatelessServer;
  /** What is kept there for sessions, if it is somewhere else. */
  readonly keeping?: Keeping;
}

interface Parts {
  readonly runner: (program: Program) => StatelessServer;
  readonly observer: Observer;
  readonly legacy: LegacyParts;
  /** What a command may see. */
  readonly surroundings: Pick<ProgramSettings, 'inherit' | 'env'>;
}

export async function upstreamFor(served: Served, parts: Parts): Promise<Upstream> {
  switch (served.kind) {
    case 'example': {
      const server = sdkServer({ factory: expenseTracker, name: 'expense-tracker', runner: parts.runner });
      return { description: 'the bundled example, an expense tracker', server };
    }
    case 'module': {
      const { factory, name } = await loadFactory(served.path);
      return { description: served.path, server: sdkServer({ factory, name, runner: parts.runner }) };
    }
    case 'command': {
      const { inherit, env } = parts.surroundings;
      const program = stdioProgram({ command: served.command, args: served.args, inherit, env });
      return { description: program.name, server: parts.runner(program) };
    }
    case 'upstream': {
      const { url, headers, era } = served;
      if (era === undefined) await probe({ url, headers });
      const server = httpServer({ url, headers, era, observer: parts.observer, legacy: parts.legacy });
      return { description: url, server, keeping: server };
    }
  }
}

const DISCOVER: ModernRequest = {
  jsonrpc: '2.0',
  id: 'fermata-start',
  method: 'server/discover',
  params: {
    _meta: {
      [META.protocolVersion]: LATEST_MODERN_REVISION,
      [META.clientCapabilities]: {},
      [META.clientInfo]: { name: 'fermata', version: packageVersion() },
    },
  },
};

/** The name by which a server introduces itself. Throws what keeps it from doing so. */
export async function introducedName({ server, description }: Upstream): Promise<string> {
  const patience = AbortSignal.timeout(LIMITS.programStartMsMax);
  for await (const message of server(DISCOVER, { principal: { id: 'operator' }, signal: patience })) {
    if ('method' in message) continue;
    if ('error' in message)
      throw new Fault('program_unstartable', `${description} does not start: ${message.error.message}`);
    const meta = isObject(message.result._meta) ? message.result._meta : {};
    const info = meta[META.serverInfo] ?? message.result.serverInfo;
    return isObject(info) && typeof info.name === 'string' ? info.name : 'mcp-server';
  }
  throw new Fault('program_unresponsive', `${description} started, but does not say who it is.`);
}
