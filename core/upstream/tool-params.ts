/**
 * Which arguments of an upstream's tools are mirrored in headers, learned from its `tools/list` (2026-07-28, "Custom headers
 * from tool parameters").
 *
 * The list is fetched once, before the first call of a tool; lists that pass by are learned from as well, and one fetched
 * again when the upstream says that headers do not match. A list that cannot be had means that nothing is mirrored.
 */
import type { CallContext } from '../ports/stateless-server.ts';
import type { ListTools } from '../ports/tool-pages.ts';
import { toolPages } from '../ports/tool-pages.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { isObject } from '../protocol/messages.ts';
import type { MirroredParam } from '../protocol/param-headers.ts';
import { mirroredParams, paramHeaders } from '../protocol/param-headers.ts';

export class ToolParams {
  readonly #list: ListTools;
  readonly #pagesMax: number;
  readonly #mirrored = new Map<string, readonly MirroredParam[]>();
  #loading: Promise<void> | undefined;
  #loaded = false;

  constructor(list: ListTools, pagesMax: number) {
    this.#list = list;
    this.#pagesMax = pagesMax;
  }

  /** The headers that a request mirrors beyond the standard ones. A call that is given up waits for no list. */
  async headersOf(request: ModernRequest, call: CallContext): Promise<Record<string, string>> {
    if (request.method !== 'tools/call') return {};
    if (!this.#loaded) {
      this.#loading ??= this.#load(request, call);
      await unlessAborted(this.#loading, call.signal);
    }
    const { name } = request.params;
    const mirrored = typeof name === 'string' ? this.#mirrored.get(name) : undefined;
    return mirrored === undefined ? {} : paramHeaders(mirrored, request.params.arguments);
  }

  /** Forgets nothing, but fetches the list again for the next call. */
  forget(): void {
    this.#loading = undefined;
    this.#loaded = false;
  }

  learn(result: Readonly<Record<string, unknown>>): void {
    if (!Array.isArray(result.tools)) return;
    for (const tool of result.tools) {
      if (!isObject(tool) || typeof tool.name !== 'string') continue;
      const mirrored = mirroredParams(tool.inputSchema);
      if (mirrored.length > 0) this.#mirrored.set(tool.name, mirrored);
      else this.#mirrored.delete(tool.name);
    }
  }

  async #load(request: ModernRequest, call: CallContext): Promise<void> {
    for await (const page of toolPages(this.#list, request, call, this.#pagesMax)) this.learn(page);
    this.#loaded = true;
  }
}

async function unlessAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  let giveUp: () => void = () => undefined;
  const aborted = new Promise<void>(resolve => {
    giveUp = resolve;
  });
  signal.addEventListener('abort', giveUp, { once: true });
  await Promise.race([promise, aborted]);
  signal.removeEventListener('abort', giveUp);
}
