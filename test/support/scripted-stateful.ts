/** A `StatefulServer` whose every answer is written by the test: for the HTTP face alone, without sessions and stores. */
import type { LegacyCall, Reply, StatefulServer } from '../../core/ports/stateful-server.ts';
import type { StatelessServer } from '../../core/ports/stateless-server.ts';

export interface Script {
  readonly receive?: (body: unknown, call: LegacyCall) => Reply | Promise<Reply>;
  readonly resume?: (lastEventId: string, call: LegacyCall) => Reply | Promise<Reply>;
  readonly listen?: (call: LegacyCall) => Reply | Promise<Reply>;
  readonly end?: (call: LegacyCall) => void;
  readonly modern?: StatelessServer;
}

export const scriptedStateful = (script: Script): StatefulServer => ({
  receive: async (body, call) => (script.receive ?? unexpected('receive'))(body, call),
  resume: async (lastEventId, call) => (script.resume ?? unexpected('resume'))(lastEventId, call),
  listen: async call => (script.listen ?? unexpected('listen'))(call),
  end: async call => (script.end ?? unexpected('end'))(call),
  modern: (request, call) => (script.modern ?? unexpected('modern'))(request, call),
  close: async () => undefined,
});

const unexpected = (name: string) => (): never => {
  throw new Error(`${name} was not expected to be called`);
};
