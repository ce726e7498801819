/**
 * Errors that nobody caught: a program that runs in this process may drop one, in a timer or a promise it forgot, long after its
 * call was answered. It is told, and the process lives on: what others wait for must not end with it.
 *
 * Ours go through here as well if we have a bug, with their stack; what a call leaves undone then is found by its lease.
 */
import type { Observer } from '../core/ports/observer.ts';

/** From now on. Not before everything has started: what is wrong then should end the process. */
export function outliveStrays(observer: Observer): void {
  process.on('uncaughtException', (error: unknown) => {
    observer({
      event: 'process.stray_error',
      level: 'error',
      message: `Nobody caught this error, most likely of the program: ${error instanceof Error ? error.message : String(error)}`,
      detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  });
}
