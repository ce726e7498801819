/**
 * Approvals that wait to be given elsewhere than in the client: what is asked, by whom, of whom, under a link that is sealed,
 * expires, and is good for one decision. Who opens it must still show who they are: a link alone decides nothing.
 *
 * Specification: 2026-07-28, "Elicitation": URL mode, phishing: whoever decides must be the one who asked, or one whom the
 * policy names.
 */
import { LIMITS } from '../base/limits.ts';
import type { ApprovalNotice, TellOfApproval } from '../ports/approval-notice.ts';
import type { Environment } from '../ports/environment.ts';
import type { Seal } from '../ports/seal.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { Principal } from '../ports/stateless-server.ts';
import { parsedJson } from '../protocol/json.ts';
import { isObject } from '../protocol/messages.ts';
import { mayDecide } from './approvers.ts';
import type { Decisions } from './decisions.ts';
import type { Answer, Ticket } from './gate.ts';

/** A call that waits, as a person must see it. Stored as JSON. */
export interface Approval extends Ticket {
  readonly policy: string;
  readonly because: string;
  readonly tool: string;
  readonly title?: string;
  readonly description?: string;
  /** The arguments, a line each, masked and shortened. */
  readonly shown: string;
  readonly argumentsDigest: string;
  readonly asker: string;
  readonly approvers: readonly string[];
  readonly offersSession: boolean;
  readonly askedAtMs: number;
  /** Where the call waits, if a proxy holds it. */
  readonly held?: { readonly session: string; readonly exchange: string };
}

export type Choice = 'once' | 'session' | 'no';

export interface ApprovalsOptions {
  readonly state: StateStore;
  readonly decisions: Decisions;
  readonly seal: Seal;
  readonly environment: Environment;
  /** Where the page is, as people reach it, without a slash at the end. */
  readonly pageUrl: () => string;
  readonly tell?: TellOfApproval | undefined;
  /** Has the call go on that an approval was for. It may be told twice. */
  readonly goOn: (approval: Approval, answer: Answer) => Promise<void>;
}

export class Approvals {
  readonly #options: ApprovalsOptions;

  constructor(options: ApprovalsOptions) {
    this.#options = options;
  }

  /** Keeps what is asked, and tells of it. The link under which it is decided. */
  async open(approval: Approval): Promise<string> {
    const { state, tell } = this.#options;
    const { nonce, expiresAtMs, tool, title, asker, approvers, policy, askedAtMs } = approval;
    await state.commit({ scope: scopeOf(nonce), version: 1, json: JSON.stringify(approval), expiresAtMs });
    const link = this.#linkTo(approval);
    const about = { tool, ...(title === undefined ? {} : { title }), asker, approvers, policy };
    const notice: ApprovalNotice = { id: nonce, link, ...about, atMs: askedAtMs, expiresAtMs };
    tell?.(notice);
    return link;
  }

  /** What a link is for; `undefined` if it is none of ours, was altered, or has expired. */
  async find(token: string): Promise<Approval | undefined> {
    const { seal, environment, state } = this.#options;
    const text = token.length > LIMITS.approvalLinkCharactersMax ? undefined : seal.open(token, BINDING);
    const link = text === undefined ? undefined : parsedJson(text);
    if (!isObject(link) || typeof link.nonce !== 'string' || Number(link.expiresAtMs) <= environment.now())
      return undefined;
    const record = await state.load(scopeOf(link.nonce));
    return record === undefined ? undefined : (JSON.parse(record.json) as Approval);
  }

  mayDecide({ approvers, asker }: Approval, principal: Principal): boolean {
    return mayDecide(approvers, asker, principal);
  }

  /** How it was decided, wherever that was. */
  decided({ nonce }: Approval): Promise<Answer | undefined> {
    return this.#options.decisions.decided(nonce);
  }

  /** Decides, unless that was done; the decision that counts. Whoever calls it has checked who decides. */
  async decide(approval: Approval, principal: Principal, decision: Choice, reason: string): Promise<Answer> {
    const content = { decision, ...(reason === '' ? {} : { reason }) };
    const answer: Answer = { by: principal.id, via: 'page', action: 'accept', content };
    const isFirst = await this.#options.decisions.decide(approval.nonce, answer, approval.expiresAtMs);
    const counts = isFirst ? answer : ((await this.decided(approval)) ?? answer);
    await this.goOn(approval, counts);
    return counts;
  }

  /** Has the call go on if it still waits: the process that decided may have died before it could. */
  async goOn(approval: Approval, answer: Answer): Promise<void> {
    await this.#options.goOn(approval, answer);
  }

  #linkTo({ nonce, expiresAtMs }: Ticket): string {
    const { seal, pageUrl } = this.#options;
    return `${pageUrl()}/${seal.seal(JSON.stringify({ nonce, expiresAtMs }), BINDING)}`;
  }
}

const BINDING = 'link to an approval';
const scopeOf = (nonce: string): string => `gate/approval/${nonce}`;
