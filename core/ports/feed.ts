/**
 * Where changes that a server tells meet those who listen for them in this process: lists that changed, resources that were
 * updated. Beside the ports, since all that serves `subscriptions/listen` needs it.
 *
 * A run lives for one request, a listener for long. Nothing is kept: who does not listen does not hear.
 */
import type { RpcNotification } from '../protocol/messages.ts';

export interface FeedListener {
  /** Resources it wants to hear about: runs subscribe to them at their program. */
  readonly uris: readonly string[];
  onChange(notification: RpcNotification): void;
}

export class Feed {
  readonly #listeners = new Set<FeedListener>();

  publish(notification: RpcNotification): void {
    for (const listener of this.#listeners) listener.onChange(notification);
  }

  /** Begins to listen; gives what ends it. */
  listen(listener: FeedListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** These resources, and those that someone listens for. */
  urisWith(own: readonly string[]): readonly string[] {
    if (this.#listeners.size === 0) return own;
    return [...new Set([...own, ...[...this.#listeners].flatMap(listener => listener.uris)])];
  }
}
