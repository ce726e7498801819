/**
 * Where a program's notification goes in the modern era.
 *
 * 2026-07-28, "Streamable HTTP": a response stream carries only what belongs to its request; progress needs the request's
 * token, log messages need a level asked for; changes of lists and resources go to those who listen
 * (`subscriptions/listen`). What only the legacy era knows goes nowhere. Kinds unknown here are passed on.
 */
import type { RequestId, RpcNotification } from '../protocol/messages.ts';
import type { LogLevel } from '../protocol/methods.ts';
import { isAtLeast } from '../protocol/methods.ts';

export type Destination = 'stream' | 'feed' | 'nowhere';

export interface Listening {
  /** The progress token of the request. */
  readonly token: RequestId | undefined;
  readonly logLevel: LogLevel | undefined;
}

export function destinationOf(notification: RpcNotification, listening: Listening): Destination {
  const { method, params } = notification;
  switch (method) {
    case 'notifications/progress':
      return listening.token !== undefined && params?.progressToken === listening.token ? 'stream' : 'nowhere';
    case 'notifications/message':
      return listening.logLevel !== undefined && isAtLeast(params?.level, listening.logLevel) ? 'stream' : 'nowhere';
    case 'notifications/tools/list_changed':
    case 'notifications/prompts/list_changed':
    case 'notifications/resources/list_changed':
    case 'notifications/resources/updated':
      return 'feed';
    case 'notifications/cancelled':
    case 'notifications/elicitation/complete':
    case 'notifications/tasks/status':
      return 'nowhere';
    default:
      return 'stream';
  }
}
