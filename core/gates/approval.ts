/**
 * The approval gate: a person decides on a call that a policy names, before it is made. The question shows what would be
 * done; the answer is once, for this session, or no with a reason that reaches the model.
 *
 * What was approved is the call that was shown: the engine binds the answer to its arguments and lets it count once.
 * Specification: 2026-07-28, "Elicitation"; "Tools", human in the loop.
 */
import { LIMITS } from '../base/limits.ts';
import type { Environment } from '../ports/environment.ts';
import type { Approvals } from './approvals.ts';
import { mayDecide, SELF } from './approvers.ts';
import { askingFor } from './asking.ts';
import type { Decisions } from './decisions.ts';
import type { Answer, Decider, Gate, GatedCall, Verdict } from './gate.ts';
import type { Names, PolicyScope } from './policy.ts';
import { namesOf } from './policy.ts';
import { plain } from './showing.ts';

export interface ApprovalPolicy extends PolicyScope {
  /** Unique among the policies; kept over deploys. */
  readonly name: string;
  /** Paths of arguments that are never shown: `user.token`. */
  readonly mask?: readonly string[];
  /** How long *for this session* holds at most; 0 does not offer it. */
  readonly sessionMs?: number;
  /** Who may decide: `self`, names of principals or patterns, `scope:` and a scope. Whoever made the call, unless given. */
  readonly approvers?: readonly string[];
  /** What happens where the client can neither ask its person nor show the way to the page. */
  readonly withoutElicitation?: 'refuse' | 'allow' | 'page';
}

export interface ApprovalOptions {
  readonly policies: readonly ApprovalPolicy[];
  readonly environment: Environment;
  /** Where *for this session* is kept; without it, it is not offered. */
  readonly decisions?: Decisions;
  /** Where decisions can be given besides in the client. */
  readonly approvals?: Approvals;
}

interface Rule extends ApprovalPolicy {
  readonly names: Names;
}

/** Every policy is a gate of its own kind; the first that names a call asks, and its answer is enough. */
export function approvalGate({ policies, environment, decisions, approvals }: ApprovalOptions): Gate {
  const rules: readonly Rule[] = policies.map(policy => ({ ...policy, names: namesOf(policy) }));
  const keep = { environment, decisions, approvals };
  return {
    name: 'approval',
    async enter(seen) {
      const named = await firstNaming(rules, seen);
      return named === undefined ? { kind: 'unconcerned' } : entered(named.rule, named.because, seen, keep);
    },
    async answered(seen, memo, answer) {
      const rule = rules.find(({ name }) => name === memo.policy);
      // The policy is gone since, or lets others decide: what stands now counts.
      if (rule === undefined || !isHeard(rule, seen, answer)) return this.enter(seen);
      return judged(rule, seen, answer, keep);
    },
    async explain(seen) {
      const lines: string[] = [];
      let asks = false;
      for (const { name, names, approvers = SELF } of rules) {
        const because = await names(seen);
        const who = approvers.map(approver => (approver === 'self' ? 'whoever makes it' : approver)).join(', ');
        const what = asks ? 'would ask as well, and need not' : `asks ${who}`;
        lines.push(`${name}: ${because === undefined ? 'does not name this call' : `${what}, because ${because}`}`);
        asks ||= because !== undefined;
      }
      return lines;
    },
  };
}

interface Keep {
  readonly environment: Environment;
  readonly decisions: Decisions | undefined;
  readonly approvals: Approvals | undefined;
}

/** The page has checked who decided. In the client it was whoever made the call, who may always decline. */
const isHeard = ({ approvers = SELF }: Rule, { call }: GatedCall, { via, action }: Answer): boolean =>
  via === 'page' || action !== 'accept' || mayDecide(approvers, call.principal.id, call.principal);

async function firstNaming(
  rules: readonly Rule[],
  seen: GatedCall,
): Promise<{ readonly rule: Rule; readonly because: string } | undefined> {
  for (const rule of rules) {
    const named = rule.names(seen);
    const because = typeof named === 'object' ? await named : named;
    if (because !== undefined) return { rule, because };
  }
  return undefined;
}

async function entered(rule: Rule, because: string, seen: GatedCall, keep: Keep): Promise<Verdict> {
  const { session } = seen.call;
  const by = session && (await keep.decisions?.granted(session.id, grantOf(rule, seen)));
  if (by !== undefined) return { kind: 'pass', because: `${by} approved ${seen.tool} for this session` };
  return (await asked(rule, because, seen, keep)) ?? unasked(rule, because);
}

function asked(rule: Rule, because: string, seen: GatedCall, keep: Keep): Promise<Verdict | undefined> {
  const { environment, approvals } = keep;
  const session = offersSession(rule, seen, keep);
  return askingFor({ rule, because, seen, approvals, offersSession: session, nowMs: environment.now() });
}

function unasked(rule: Rule, because: string): Verdict {
  if (rule.withoutElicitation === 'allow')
    return { kind: 'pass', because: `the client cannot ask, and policy "${rule.name}" lets such calls through` };
  const text =
    'This call needs the approval of a person, and this client cannot ask for it: it does not support the elicitation ' +
    'that this takes. The call was not made.';
  return { kind: 'refuse', text, because: `the client cannot ask: ${because}` };
}

const offersSession = ({ sessionMs }: Rule, { call }: GatedCall, { decisions }: Keep): boolean =>
  sessionMs !== 0 && call.session !== undefined && decisions !== undefined;

async function judged(rule: Rule, seen: GatedCall, answer: Answer, keep: Keep): Promise<Verdict> {
  const { by, via, action, content } = answer;
  const decided = via === undefined ? { by } : { by, via };
  if (action !== 'accept') return declined(decided, undefined);
  switch (content.decision) {
    case 'once':
      return { kind: 'pass', because: `${by} approved it once`, decided };
    case 'session': {
      const { session } = seen.call;
      if (!offersSession(rule, seen, keep) || session === undefined) return rephrased(rule, seen, keep);
      const untilMs = keep.environment.now() + (rule.sessionMs ?? LIMITS.lifetimeMsDefault);
      await keep.decisions?.grant(session.id, grantOf(rule, seen), by, untilMs);
      return { kind: 'pass', because: `${by} approved ${seen.tool} for this session`, decided };
    }
    case 'no':
      return declined(decided, content.reason);
    default:
      return rephrased(rule, seen, keep);
  }
}

/** The answer was none of those offered: it is asked again, which the engine bounds. */
async function rephrased(rule: Rule, seen: GatedCall, keep: Keep): Promise<Verdict> {
  const because = 'the answer was none of those offered';
  return (await asked(rule, because, seen, keep)) ?? unasked(rule, because);
}

function declined(decided: Decider, reason: unknown): Verdict {
  const words = typeof reason === 'string' ? reason.trim().slice(0, LIMITS.reasonCharactersMax) : '';
  const why = words === '' ? '' : ` The reason given: ${plain(words)}`;
  return {
    kind: 'refuse',
    text: `The call was not approved, so it was not made. Do not try it again unless you are asked to.${why}`,
    because: `${decided.by} declined it`,
    decided,
  };
}

const grantOf = (rule: Rule, { tool }: GatedCall): string => `${rule.name}/${tool}`;
