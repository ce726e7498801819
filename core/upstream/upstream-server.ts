/** A server somewhere else, with what is kept there for sessions: given back when they end, and when this process does. */
import type { StatelessServer } from '../ports/stateless-server.ts';

export interface Keeping {
  /** A Fermata session has ended. */
  release(session: string): Promise<void>;
  /** This process ends. Calls that wait go on elsewhere, or when it is started again. */
  close(): Promise<void>;
}

export interface UpstreamServer extends Keeping {
  (...call: Parameters<StatelessServer>): ReturnType<StatelessServer>;
}

/** One that keeps nothing. */
export const keepingNothing = (serve: StatelessServer): UpstreamServer =>
  Object.assign<StatelessServer, Keeping>((request, call) => serve(request, call), {
    release: async () => undefined,
    close: async () => undefined,
  });
