/**
 * What a proxy of ours tells the runner behind it, where that is in a function of its own, when a session has ended: no request of
 * MCP, and no HTTP, so that it can only come from who may invoke the function. The session goes by the name that its calls had.
 */
import { isObject } from './messages.ts';

export interface SessionNotice {
  readonly principal: string;
  /** `sessionNameOf`: the session's own id is a secret of its client. */
  readonly session: string;
}

const KEY = 'fermata/session-ended';
const NAME = /^[\w-]{22}$/;

export const sessionNotice = ({ principal, session }: SessionNotice): Readonly<Record<string, unknown>> => ({
  [KEY]: { principal, session },
});

/** The notice in the event of an invocation; `undefined` for anything else. */
export function sessionNoticeIn(event: unknown): SessionNotice | undefined {
  const { principal, session } = isObject(event) && isObject(event[KEY]) ? event[KEY] : {};
  if (typeof principal !== 'string' || typeof session !== 'string' || !NAME.test(session)) return undefined;
  return { principal, session };
}
