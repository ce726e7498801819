/**
 * The names of tasks on the wire: those of 2025-11-25 ("Tasks", experimental) and of the extension `io.modelcontextprotocol/tasks`
 * of 2026-07-28, which have nothing in common but the idea. What a task is and does is not known here.
 */
import { isObject } from './messages.ts';

type Json = Readonly<Record<string, unknown>>;

export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** In the `_meta` of whatever belongs to a task of 2025-11-25. */
export const RELATED_TASK = 'io.modelcontextprotocol/related-task';

/**
 * How a `requestState` begins with which an adapter goes on looking after the task of a server of 2025. What it is for is open, so that
 * a round that only looks may be run again; what it says is sealed.
 */
export const FOLLOWING = 'following.';

/** As a client's or a server's capabilities, or as `requiredCapabilities` of an error. */
export const TASKS_DECLARED = { extensions: { [TASKS_EXTENSION]: {} } } as const;

/** Whether capabilities name the extension. */
export const declaresTasks = ({ extensions }: Json): boolean =>
  isObject(extensions) && isObject(extensions[TASKS_EXTENSION]);
