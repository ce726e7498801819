/**
 * The connections attached to streams in this process, so that a program can end them: the stream goes on, and its client comes
 * back with `Last-Event-ID` (2025-11-25, SEP-1699).
 *
 * A connection of another process is not known here and stays: that a connection ends early is a favour to whoever holds it,
 * and no call depends on it.
 */

export interface Attachment {
  /** Aborted when the program ends the connection. */
  readonly ended: AbortSignal;
  readonly detach: () => void;
}

export class Attachments {
  readonly #attached = new Map<string, Set<AbortController>>();

  /** Attaches a connection now; it is detached when its client is gone. */
  attach(key: string, gone: AbortSignal): Attachment {
    const controller = new AbortController();
    const detach = (): void => {
      gone.removeEventListener('abort', detach);
      const there = this.#attached.get(key);
      there?.delete(controller);
      if (there?.size === 0) this.#attached.delete(key);
    };
    if (!gone.aborted) {
      const there = this.#attached.get(key) ?? new Set();
      this.#attached.set(key, there.add(controller));
      gone.addEventListener('abort', detach);
    }
    return { ended: controller.signal, detach };
  }

  /** Ends every connection that is attached there. */
  end(key: string): void {
    for (const controller of this.#attached.get(key) ?? []) controller.abort();
  }
}
