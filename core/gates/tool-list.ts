/**
 * The tools of the upstream as it lists them, remembered for each principal for a while: gates judge by annotations and
 * schemas, and show titles and descriptions. A list that cannot be had is an error, since a gate must not guess.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Environment } from '../ports/environment.ts';
import type { CallContext, StatelessServer } from '../ports/stateless-server.ts';
import { toolPages } from '../ports/tool-pages.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { isObject } from '../protocol/messages.ts';
import type { ListedTool } from './gate.ts';

type Tools = ReadonlyMap<string, ListedTool>;

export class ToolList {
  readonly #upstream: StatelessServer;
  readonly #environment: Environment;
  /** By principal, the oldest first. */
  readonly #known = new Map<string, { readonly tools: Tools; readonly untilMs: number }>();

  constructor(upstream: StatelessServer, environment: Environment) {
    this.#upstream = upstream;
    this.#environment = environment;
  }

  async find(name: string, request: ModernRequest, call: CallContext): Promise<ListedTool | undefined> {
    const known = this.#known.get(call.principal.id);
    if (known !== undefined && this.#environment.now() < known.untilMs) return known.tools.get(name);
    return (await this.#read(request, call)).get(name);
  }

  async #read(request: ModernRequest, { principal, session, signal }: CallContext): Promise<Tools> {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(LIMITS.upstreamProbeMs)]);
    const context: CallContext = { principal, signal: patience, ...(session === undefined ? {} : { session }) };
    const tools = new Map<string, ListedTool>();
    const list = (page: ModernRequest, asker: CallContext) => this.#page(page, asker);
    for await (const page of toolPages(list, request, context, LIMITS.listPagesMax))
      for (const tool of Array.isArray(page.tools) ? page.tools : [])
        if (isObject(tool) && typeof tool.name === 'string') tools.set(tool.name, toolIn(tool, tool.name));
    this.#known.delete(principal.id);
    this.#known.set(principal.id, { tools, untilMs: this.#environment.now() + LIMITS.toolListKeepMs });
    const [oldest] = this.#known.keys();
    if (this.#known.size > LIMITS.toolListsMax && oldest !== undefined) this.#known.delete(oldest);
    return tools;
  }

  async #page(request: ModernRequest, call: CallContext): Promise<Readonly<Record<string, unknown>>> {
    for await (const message of this.#upstream(request, call)) {
      if ('result' in message) return message.result;
      if ('error' in message) throw unlisted(message.error.message);
    }
    throw unlisted('it gave no answer');
  }
}

const unlisted = (why: string): Fault =>
  new Fault('gate_failed', `A gate needs the server's list of tools, and cannot get it: ${why}. The call was refused.`);

function toolIn(tool: Record<string, unknown>, name: string): ListedTool {
  const { title, description, annotations, inputSchema } = tool;
  const named = isObject(annotations) && typeof annotations.title === 'string' ? annotations.title : undefined;
  const shown = typeof title === 'string' ? title : named;
  return {
    name,
    ...(shown === undefined ? {} : { title: shown }),
    ...(typeof description === 'string' ? { description } : {}),
    ...(isObject(annotations) ? { annotations } : {}),
    ...(isObject(inputSchema) ? { inputSchema } : {}),
  };
}
