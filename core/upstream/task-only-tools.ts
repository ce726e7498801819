/**
 * Which tools a server of 2025 runs as tasks only (2025-11-25, "Tasks": `execution.taskSupport` is `required`).
 *
 * Its list of tools is fetched before the first call of a session, and only of a server that offers tasks. A list that cannot be had
 * means that there are none: the server then refuses such a call itself.
 */
import { LIMITS } from '../base/limits.ts';
import { programRequest } from '../bridge/from-modern.ts';
import type { Environment } from '../ports/environment.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import type { ListTools } from '../ports/tool-pages.ts';
import { toolPages } from '../ports/tool-pages.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { isObject } from '../protocol/messages.ts';
import type { Carrier } from './carrier.ts';
import { legacyAsk } from './legacy-ask.ts';
import type { LegacySession } from './legacy-session.ts';

interface Known {
  readonly names: Promise<ReadonlySet<unknown>>;
  readonly untilMs: number;
}

export class TaskOnlyTools {
  readonly #carrier: Carrier;
  readonly #environment: Environment;
  readonly #known = new WeakMap<LegacySession, Known>();

  constructor(carrier: Carrier, environment: Environment) {
    this.#carrier = carrier;
    this.#environment = environment;
  }

  /** Whether a request calls such a tool. */
  async areCalledBy(request: ModernRequest, session: LegacySession, call: CallContext): Promise<boolean> {
    const { tasks } = session.introduction.capabilities;
    if (request.method !== 'tools/call' || !isObject(tasks?.requests?.tools?.call)) return false;
    const nowMs = this.#environment.now();
    let known = this.#known.get(session);
    if (known === undefined || known.untilMs <= nowMs) {
      known = { names: this.#names(request, session, call), untilMs: nowMs + LIMITS.toolListKeepMs };
      this.#known.set(session, known);
    }
    return (await known.names).has(request.params.name);
  }

  async #names(request: ModernRequest, session: LegacySession, call: CallContext): Promise<ReadonlySet<unknown>> {
    // Others wait for this list too, so it is not given up with the call that needed it first.
    const asking = {
      carrier: this.#carrier,
      line: session,
      caller: call,
      signal: AbortSignal.timeout(LIMITS.upstreamProbeMs),
    };
    const list: ListTools = async page => {
      const id = `f-${this.#environment.newId()}`;
      const outcome = await legacyAsk(asking, id, page.method, programRequest(page, id).params ?? {});
      return 'error' in outcome ? undefined : outcome.result;
    };
    const names = new Set<unknown>();
    try {
      for await (const { tools } of toolPages(list, request, call, LIMITS.listPagesMax))
        for (const tool of Array.isArray(tools) ? tools : []) if (isTaskOnly(tool)) names.add(tool.name);
    } catch {
      this.#known.delete(session);
    }
    return names;
  }
}

const isTaskOnly = (tool: unknown): tool is { readonly name: unknown } =>
  isObject(tool) && isObject(tool.execution) && tool.execution.taskSupport === 'required';
