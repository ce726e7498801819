/**
 * From the settings of the gates to what stands before the upstream, the page on which approvals are given, and the webhook that
 * tells of them. Used by each composition root.
 */
import type { Webhook } from '../core/adapters/webhook/webhook.ts';
import { webhook } from '../core/adapters/webhook/webhook.ts';
import type { GateSettings } from '../core/gates/config.ts';
import type { Row, RowOptions } from '../core/gates/row.ts';
import { behindGates } from '../core/gates/row.ts';
import type { ApprovalAppOptions } from '../core/http/approval-app.ts';
import { APPROVALS_PATH, approvalApp } from '../core/http/approval-app.ts';
import type { ProxyServer } from '../core/proxy/proxy.ts';
import type { AuthMode } from './auth-settings.ts';
import { Misuse } from './misuse.ts';

interface Parts extends Omit<RowOptions, 'tell' | 'goOn' | 'pageUrl'> {
  /** How people reach this server; `undefined` if that is not known, and then there is no page. */
  readonly base: (() => string) | undefined;
  /** Of the environment: FERMATA_WEBHOOK_SECRET. */
  readonly secret: string | undefined;
  readonly answer: ProxyServer['answer'];
}

export interface Gates extends Row {
  readonly webhook: Webhook | undefined;
}

export function gatesFor(settings: GateSettings, { base, secret, answer, ...row }: Parts): Gates {
  if (settings.webhook !== undefined && secret === undefined)
    throw new Misuse('gates.webhook needs FERMATA_WEBHOOK_SECRET, by which its receiver knows that it is us.');
  const { environment, observer } = row;
  const told =
    settings.webhook === undefined || secret === undefined
      ? undefined
      : webhook({ ...settings.webhook, secret, environment, observer });
  if (base === undefined && (told !== undefined || settings.policies.some(needsPage)))
    throw new Misuse(
      "Approvals outside of clients need to know how people reach this server: gates: { url: 'https://…' }.",
    );
  const gates = behindGates(settings, {
    ...row,
    ...(base === undefined ? {} : { pageUrl: () => `${base()}${APPROVALS_PATH}` }),
    tell: told?.tell,
    async goOn({ held, nonce }, { action, content }) {
      if (held !== undefined) await answer(held, nonce, { result: { action, content: { ...content } } });
    },
  });
  return { ...gates, webhook: told };
}

type Policy = GateSettings['policies'][number];

const needsPage = ({ approvers, withoutElicitation }: Policy): boolean =>
  withoutElicitation === 'page' || approvers?.includes('self') === false;

/** Refuses policies whose approvers could never say who they are. */
export function checkApprovers({ policies }: GateSettings, mode: AuthMode): void {
  const [policy] = policies.filter(needsPage);
  if (policy === undefined) return;
  if (mode === 'none' && policy.approvers !== undefined)
    throw new Misuse(
      `Policy "${policy.name}" names approvers, and nobody here says who they are. Set FERMATA_API_KEYS (make a key with: fermata key NAME) or FERMATA_AUTH=jwt.`,
    );
  if (mode === 'iam')
    throw new Misuse(
      `Policy "${policy.name}" needs the approval page, which browsers cannot reach with FERMATA_AUTH=iam.`,
    );
}

/** The page, where there are approvals to give. */
export const pageFor = (
  approvals: Row['approvals'],
  options: Omit<ApprovalAppOptions, 'approvals'>,
): ReturnType<typeof approvalApp> | undefined =>
  approvals === undefined ? undefined : approvalApp({ ...options, approvals });
