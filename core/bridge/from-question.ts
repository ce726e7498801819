/**
 * What a question of a program needs of the client, and the error a client without it answers with.
 *
 * 2026-07-28: a server must not ask for what the client did not declare. The program gets the error that a real client of
 * 2025 would give it (-32601 without the capability, -32602 for a mode of it), and may cope; if it does not, the capability is
 * named to the client. Sources: 2025-11-25, "Elicitation", "Sampling", "Roots".
 */
import type { RpcError } from '../protocol/messages.ts';
import { isObject } from '../protocol/messages.ts';
import type { InputMethod } from '../protocol/methods.ts';

type Json = Readonly<Record<string, unknown>>;

export interface Lack {
  /** As `ClientCapabilities`. */
  readonly required: Record<string, Json>;
  readonly error: RpcError;
}

/** What the client lacks for a question; `undefined` if it declared all it takes. */
export function lackFor(method: InputMethod, params: Json, capabilities: Json): Lack | undefined {
  switch (method) {
    case 'elicitation/create':
      return elicitationLack(params.mode === 'url' ? 'url' : 'form', capabilities.elicitation);
    case 'sampling/createMessage':
      return samplingLack(params, capabilities.sampling);
    case 'roots/list':
      return isObject(capabilities.roots) ? undefined : unsupported(method, { roots: {} });
  }
}

/** `elicitation: {}` means forms. */
function elicitationLack(mode: 'form' | 'url', declared: unknown): Lack | undefined {
  const required = { elicitation: { [mode]: {} } };
  if (!isObject(declared)) return unsupported('elicitation/create', required);
  const isDeclared = isObject(declared[mode]) || (mode === 'form' && !isObject(declared.url));
  return isDeclared ? undefined : undeclared(`The client does not support elicitation in ${mode} mode.`, required);
}

function samplingLack(params: Json, declared: unknown): Lack | undefined {
  if (!isObject(declared)) return unsupported('sampling/createMessage', { sampling: {} });
  const isWithTools = params.tools !== undefined || params.toolChoice !== undefined;
  if (!isWithTools || isObject(declared.tools)) return undefined;
  return undeclared('The client does not support tools in sampling.', { sampling: { tools: {} } });
}

const unsupported = (method: InputMethod, required: Lack['required']): Lack => ({
  required,
  error: { code: -32601, message: `Method not found: the client does not support ${method}.` },
});

const undeclared = (message: string, required: Lack['required']): Lack => ({
  required,
  error: { code: -32602, message },
});
