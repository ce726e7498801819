/**
 * How the approval gate asks about a call: as a form where the client's own person may decide, else by the page, to which a
 * client that can is shown the way. With a page, what waits is kept there as well, so that it can be decided in either place.
 */
import { LIMITS } from '../base/limits.ts';
import { lackFor } from '../bridge/from-question.ts';
import { META } from '../protocol/envelope.ts';
import { callDigest } from '../protocol/json.ts';
import type { ApprovalPolicy } from './approval.ts';
import type { Approval, Approvals } from './approvals.ts';
import { mayDecide, SELF } from './approvers.ts';
import type { GatedCall, ListedTool, Question, Verdict } from './gate.ts';
import { plain, shown } from './showing.ts';

export interface Asking {
  readonly rule: ApprovalPolicy;
  readonly because: string;
  readonly seen: GatedCall;
  readonly offersSession: boolean;
  readonly approvals: Approvals | undefined;
  readonly nowMs: number;
}

type Ask = Extract<Verdict, { kind: 'ask' }>;
type Manner = 'form' | 'link' | 'quiet';

/** The question; `undefined` where there is nobody who could be asked. */
export async function askingFor(asking: Asking): Promise<Ask | undefined> {
  const { rule, because, seen, approvals } = asking;
  const manner = mannerOf(asking);
  if (manner === undefined) return undefined;
  const tool = await seen.listed().catch(() => undefined);
  const link = await approvals?.open(approvalOf(asking, tool));
  const ask = { kind: 'ask', because, memo: { policy: rule.name } } as const;
  if (manner === 'form') return { ...ask, question: form(asking, tool) };
  return { ...ask, question: way(asking, link ?? ''), elsewhere: { shown: manner === 'link' } };
}

function mannerOf({ rule, seen, approvals }: Asking): Manner | undefined {
  const capabilities = { ...seen.request.params._meta[META.clientCapabilities] };
  const can = (mode: string): boolean => lackFor('elicitation/create', { mode }, capabilities) === undefined;
  const { principal } = seen.call;
  if (mayDecide(rule.approvers ?? SELF, principal.id, principal) && can('form')) return 'form';
  if (approvals === undefined) return undefined;
  if (can('url')) return 'link';
  const otherwise = rule.withoutElicitation ?? (rule.approvers === undefined ? 'refuse' : 'page');
  return otherwise === 'page' ? 'quiet' : undefined;
}

function approvalOf({ rule, because, seen, offersSession, nowMs }: Asking, tool: ListedTool | undefined): Approval {
  const { call, request } = seen;
  const { lease } = call;
  return {
    ...seen.ticket(),
    policy: rule.name,
    because,
    tool: plain(seen.tool),
    ...(tool?.title === undefined ? {} : { title: plain(tool.title) }),
    ...(tool?.description === undefined ? {} : { description: plain(described(tool.description)) }),
    shown: shown(seen.arguments, rule.mask ?? []),
    argumentsDigest: callDigest(request.method, { name: seen.tool, arguments: seen.arguments }),
    asker: call.principal.id,
    approvers: rule.approvers ?? SELF,
    offersSession,
    askedAtMs: nowMs,
    ...(lease === undefined ? {} : { held: { session: lease.session, exchange: lease.exchange } }),
  };
}

const described = (text: string): string => text.slice(0, LIMITS.shownValueCharactersMax);

/** Tells the question apart from others, so that a decision from elsewhere finds the call that waits for it. */
const marked = ({ seen }: Asking) => ({ [META.ticket]: seen.ticket().nonce });

function form(asking: Asking, tool: ListedTool | undefined): Question {
  const { rule, seen, offersSession, approvals } = asking;
  const choices = [
    ['once', 'Yes, this once'],
    ...(offersSession ? [['session', `Yes, and every call of ${seen.tool} in this session`]] : []),
    ['no', 'No'],
  ];
  const title = tool?.title === undefined ? '' : ` (${plain(tool.title)})`;
  return {
    method: 'elicitation/create',
    params: {
      mode: 'form',
      message: [
        `Allow the call of ${plain(seen.tool)}${title}?`,
        ...(tool?.description === undefined ? [] : [plain(described(tool.description))]),
        '',
        shown(seen.arguments, rule.mask ?? []),
      ].join('\n'),
      requestedSchema: {
        type: 'object',
        properties: {
          decision: {
            type: 'string',
            title: 'Your decision',
            enum: choices.map(([value]) => value ?? ''),
            enumNames: choices.map(([, label]) => label ?? ''),
          },
          reason: {
            type: 'string',
            title: 'Reason, if no',
            description: 'Is told to the model.',
            maxLength: LIMITS.reasonCharactersMax,
          },
        },
        required: ['decision'],
      },
      ...(approvals === undefined ? {} : { _meta: marked(asking) }),
    },
  };
}

function way(asking: Asking, url: string): Question {
  const { seen, rule } = asking;
  const who = (rule.approvers ?? SELF).map(name => (name === 'self' ? 'you' : name)).join(', ');
  const message = `The call of ${plain(seen.tool)} waits for an approval on this page. It can be given by: ${who}.`;
  return { method: 'elicitation/create', params: { mode: 'url', message, url, _meta: marked(asking) } };
}
