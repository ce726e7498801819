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

/** What can be listened to; gives what ends it. */
export interface Listened {
  listen(listener: FeedListener): () => void;
}

/** Whoever can bring a change that was heard of elsewhere to those who listen. */
export interface Tells {
  /** Resolves when all who listen for the principal will hear of it, as far as that can be brought about. */
  tell(principal: string, change: RpcNotification): Promise<void>;
}

export class Feed implements Listened {
  readonly #listeners = new Set<FeedListener>();

  publish(notification: RpcNotification): void {
    for (const listener of this.#listeners) listener.onChange(notification);
  }

  /** Something may have been told that nobody heard: for all that is known, everything has changed. */
  missed(): void {
    for (const listener of this.#listeners) for (const change of everything(listener.uris)) listener.onChange(change);
  }

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

const everything = (uris: readonly string[]): RpcNotification[] => [
  ...FAMILIES.map(family => ({ jsonrpc: '2.0', method: `notifications/${family}/list_changed` }) as const),
  ...uris.map(uri => ({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } }) as const),
];

const FAMILIES = ['tools', 'prompts', 'resources'] as const;
