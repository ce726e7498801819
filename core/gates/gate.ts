/**
 * What a gate is: it judges a tool call before the upstream sees it, and may ask the person first.
 *
 * A gate knows neither rounds nor seals: the engine (`gated.ts`) carries what it asked through the client and brings the
 * answer back. It must not know who else stands in the row.
 */
import type { CallContext } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';

export type Json = Readonly<Record<string, unknown>>;

/** A tool as its server lists it; of it we need no more than this. */
export interface ListedTool {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly annotations?: Json;
  readonly inputSchema?: Json;
}

/** Under which a call waits, if it is asked about. */
export interface Ticket {
  readonly nonce: string;
  readonly expiresAtMs: number;
}

/** A `tools/call` on its way. */
export interface GatedCall {
  readonly request: ModernRequest;
  readonly call: CallContext;
  readonly tool: string;
  /** As the gates before this one left them. */
  readonly arguments: Json;
  /** The tool as listed; `undefined` if the server does not list it. Throws if the list cannot be had. */
  listed(): Promise<ListedTool | undefined>;
  /** The same each time it is asked for, and made only then. */
  ticket(): Ticket;
}

/** As the modern era puts it: an elicitation by URL has no id of its own. */
export interface Question {
  readonly method: 'elicitation/create';
  readonly params: Json;
}

export type Verdict =
  /** None of its business. */
  | { readonly kind: 'unconcerned' }
  /** Goes on, perhaps with other arguments, and why, for the audit. */
  | { readonly kind: 'pass'; readonly because: string; readonly arguments?: Json; readonly decided?: Decider }
  /**
   * `memo` comes back with the answer. `elsewhere`: it is decided under the call's ticket and not by the client, which can only
   * decline; `shown` says whether the client is asked at all, or the call waits quietly.
   */
  | {
      readonly kind: 'ask';
      readonly question: Question;
      readonly memo: Json;
      readonly because: string;
      readonly elsewhere?: { readonly shown: boolean };
    }
  /** The call ends; the text is for the model. */
  | { readonly kind: 'refuse'; readonly text: string; readonly because: string; readonly decided?: Decider };

/** Who decided, and where. */
export interface Decider {
  readonly by: string;
  readonly via?: 'page';
}

/** An answer, and who gave it: the caller's client, unless it was given elsewhere. */
export interface Answer extends Decider {
  readonly action: string;
  readonly content: Json;
}

export interface Gate {
  /** Unique in its row; travels in the state of calls that wait, so keep it over deploys. */
  readonly name: string;
  enter(call: GatedCall): Verdict | Promise<Verdict>;
  answered(call: GatedCall, memo: Json, answer: Answer): Verdict | Promise<Verdict>;
  /** What it would do and why, for people; nothing is asked. */
  explain(call: GatedCall): Promise<readonly string[]>;
}
