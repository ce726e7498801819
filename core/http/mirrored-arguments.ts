/**
 * Whether a modern client mirrors in headers what a tool's schema wants mirrored (2026-07-28, "Custom headers from tool
 * parameters"): whoever takes the body must refuse a call whose headers say something else, since others may have let it pass
 * by them.
 *
 * What a tool wants is in the server's list of tools, which is remembered for each principal: from the lists that clients ask
 * for, else asked for before a call. A call that looks wrong is held against a fresh list before it is refused. A server
 * whose list cannot be had wants nothing; the call itself will tell.
 */
import { LIMITS } from '../base/limits.ts';
import type { CallContext, Principal, StatelessServer } from '../ports/stateless-server.ts';
import type { ListTools } from '../ports/tool-pages.ts';
import { toolPages } from '../ports/tool-pages.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { mismatch } from '../protocol/era.ts';
import type { RpcNotification, RpcResponse } from '../protocol/messages.ts';
import { isObject } from '../protocol/messages.ts';
import type { MirroredParam } from '../protocol/param-headers.ts';
import { mirroredParams, paramHeaderProblem } from '../protocol/param-headers.ts';

type Result = Readonly<Record<string, unknown>>;
/** Only tools that want something mirrored, by name. */
type Wanted = ReadonlyMap<string, readonly MirroredParam[]>;

export class MirroredArguments {
  readonly #server: StatelessServer;
  readonly #now: () => number;
  /** By principal, the oldest first. */
  readonly #known = new Map<string, { readonly wanted: Wanted; readonly untilMs: number }>();

  /** Lists that are being read, by principal: calls that come at once wait for the same one. */
  readonly #reading = new Map<string, Promise<Wanted | undefined>>();

  constructor(server: StatelessServer, now = () => performance.now()) {
    this.#server = server;
    this.#now = now;
  }

  /** The server itself; lists that pass by are remembered. */
  readonly serve: StatelessServer = (request, call) =>
    request.method === 'tools/list' ? this.#overheard(request, call) : this.#server(request, call);

  /** Throws `header_mismatch` for a call whose headers do not mirror its arguments. */
  async check(request: ModernRequest, call: CallContext, headers: Headers): Promise<void> {
    const { name, arguments: args } = request.params;
    if (request.method !== 'tools/call' || typeof name !== 'string' || !hasMembers(args)) return;
    const problemIn = (wanted: Wanted): string | undefined =>
      paramHeaderProblem(wanted.get(name) ?? [], args, header => headers.get(header) ?? undefined);
    const known = this.#known.get(call.principal.id);
    const isFresh = known !== undefined && this.#now() < known.untilMs;
    if (isFresh && problemIn(known.wanted) === undefined) return;
    const wanted = await this.#listed(request, call);
    const problem = wanted && problemIn(wanted);
    if (problem !== undefined) throw mismatch(problem);
  }

  #listed(request: ModernRequest, { principal }: CallContext): Promise<Wanted | undefined> {
    const reading = this.#reading.get(principal.id) ?? this.#read(request, principal);
    this.#reading.set(principal.id, reading);
    return reading;
  }

  /** Others may wait for the list too, so it does not end with the call that needed it first. */
  async #read(request: ModernRequest, principal: Principal): Promise<Wanted | undefined> {
    const signal = AbortSignal.timeout(LIMITS.upstreamProbeMs);
    const pages: Result[] = [];
    try {
      const list = toolPages(this.#page, request, { principal, signal }, LIMITS.listPagesMax);
      for await (const page of list) pages.push(page);
      return isWhole(pages) ? this.#remember(principal.id, pages) : undefined;
    } finally {
      this.#reading.delete(principal.id);
    }
  }

  readonly #page: ListTools = async (request, call) => {
    try {
      for await (const message of this.#server(request, call)) {
        if ('result' in message) return message.result;
      }
    } catch {
      // The call that needs the list is about to meet the same fault, and tells it.
    }
    return undefined;
  };

  async *#overheard(
    request: ModernRequest,
    call: CallContext,
  ): AsyncGenerator<RpcNotification | RpcResponse, void, undefined> {
    for await (const message of this.#server(request, call)) {
      if ('result' in message && request.params.cursor === undefined && isWhole([message.result]))
        this.#remember(call.principal.id, [message.result]);
      yield message;
    }
  }

  #remember(principal: string, pages: readonly Result[]): Wanted {
    const wanted = new Map<string, readonly MirroredParam[]>();
    for (const tool of pages.flatMap(page => (Array.isArray(page.tools) ? page.tools : []))) {
      if (!isObject(tool) || typeof tool.name !== 'string') continue;
      const mirrored = mirroredParams(tool.inputSchema);
      if (mirrored.length > 0) wanted.set(tool.name, mirrored);
    }
    this.#known.delete(principal);
    this.#known.set(principal, { wanted, untilMs: this.#now() + LIMITS.toolListKeepMs });
    const [oldest] = this.#known.keys();
    if (this.#known.size > LIMITS.toolListsMax && oldest !== undefined) this.#known.delete(oldest);
    return wanted;
  }
}

const hasMembers = (args: unknown): boolean => isObject(args) && Object.keys(args).length > 0;

/** Whether a list was read to its end. */
const isWhole = (pages: readonly Result[]): boolean => {
  const last = pages.at(-1);
  return last !== undefined && typeof last.nextCursor !== 'string';
};
