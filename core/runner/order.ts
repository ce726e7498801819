/**
 * What is ordered of one execution of a program, and what comes of it. How it is carried out stands in `execution.ts`.
 */
import type { Client } from '../bridge/from-modern.ts';
import type { Destination } from '../bridge/from-notification.ts';
import type { Introduction } from '../bridge/from-program.ts';
import type { Lack } from '../bridge/from-question.ts';
import type { Offers } from '../journal/answering.ts';
import type { Fact } from '../journal/fact.ts';
import type { Entry, Told } from '../journal/journal.ts';
import type { Program } from '../ports/program.ts';
import type { Outcome, RpcNotification, RpcRequest } from '../protocol/messages.ts';
import type { Desk } from './desk.ts';
import type { StartedProgram } from './started-program.ts';

export interface Order {
  readonly program: Program;
  /** Where the run takes place. */
  readonly started: StartedProgram;
  /** Whether a suspended run may stay in memory. */
  readonly mayPark: boolean;
  readonly client: Client;
  /** Resources to subscribe to. */
  readonly uris: readonly string[];
  /** What to ask of the program; without it only the handshake is made. */
  readonly request?: RpcRequest;
  /** Whether the program's questions can be put to the client. */
  readonly mayAsk: boolean;
  readonly entries: readonly Entry[];
  readonly offers: Offers;
  readonly told: Told;
  /** What the program may use besides; absent where it has no call of a client. */
  readonly desk?: Desk;
  readonly onNotification: (notification: RpcNotification, destination: Destination) => void;
  readonly signal: AbortSignal;
}

export type RunEnd =
  | {
      readonly kind: 'completed';
      readonly outcome: Outcome;
      readonly introduction: Introduction;
      /** Capabilities the client lacked for what the program asked. */
      readonly lacking: Lack['required'] | undefined;
      readonly entries: readonly Entry[];
      readonly told: Told;
      readonly facts: readonly Fact[];
    }
  | {
      readonly kind: 'suspended';
      readonly introduction: Introduction;
      readonly entries: readonly Entry[];
      readonly told: Told;
      readonly facts: readonly Fact[];
      /** It asks before it makes the task that its tool runs as. */
      readonly beforeTask: boolean;
      /** The run itself, if it may stay in memory. Whoever gets it either parks it or drops it. */
      readonly parked: ParkedRun | undefined;
    }
  /** Nobody wants the answer any more; `reached` tells whether the program had got the request. */
  | { readonly kind: 'aborted'; readonly reached: boolean };

/** What is new when the answers come. */
export type Resumption = Pick<Order, 'client' | 'entries' | 'onNotification' | 'signal'> & {
  readonly request: RpcRequest;
};

/** A suspended run that is still there. */
export interface ParkedRun {
  /** Goes on with the answers; `undefined` if it cannot, and then it is gone. */
  resume(resumption: Resumption): Promise<RunEnd> | undefined;
  /** Leaves it as it is, for ever. */
  drop(): void;
}
