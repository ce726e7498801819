/**
 * The gates of a deployment, in their order, from its settings: arguments, then approval, then keep-alive at the upstream; and the
 * approvals that wait in it, for the page on which they are given.
 */
import type { AuditLog } from '../ports/audit-log.ts';
import type { Environment } from '../ports/environment.ts';
import type { Seal } from '../ports/seal.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { StatelessServer } from '../ports/stateless-server.ts';
import type { ApprovalOptions } from './approval.ts';
import { approvalGate } from './approval.ts';
import type { ApprovalsOptions } from './approvals.ts';
import { Approvals } from './approvals.ts';
import { argumentsGate } from './arguments.ts';
import type { GateSettings } from './config.ts';
import { Decisions } from './decisions.ts';
import type { Gate } from './gate.ts';
import type { GatedOptions } from './gated.ts';
import { gated } from './gated.ts';
import { keepAlive } from './keep-alive.ts';

export function gatesOf(settings: GateSettings, options: Omit<ApprovalOptions, 'policies'>): readonly Gate[] {
  return [
    ...(settings.arguments === undefined ? [] : [argumentsGate(settings.arguments)]),
    ...(settings.policies.length === 0 ? [] : [approvalGate({ policies: settings.policies, ...options })]),
  ];
}

export interface RowOptions
  extends Pick<GatedOptions, 'upstream' | 'observer' | 'holdMs'>,
    Pick<ApprovalsOptions, 'tell' | 'goOn'> {
  /** Absent: approvals are given in clients only. */
  readonly pageUrl?: ApprovalsOptions['pageUrl'];
  readonly seal: Seal;
  readonly environment: Environment;
  readonly state: StateStore;
  readonly audit?: AuditLog;
}

export interface Row {
  readonly server: StatelessServer;
  /** Absent where nothing is ever asked for approval, or only in clients. */
  readonly approvals: Approvals | undefined;
}

/** An upstream behind the gates that the settings name; without any, the upstream itself. */
export function behindGates(settings: GateSettings, options: RowOptions): Row {
  const { upstream, environment, seal, state, audit, pageUrl, tell, goOn, observer, holdMs } = options;
  const lively = settings.keepAliveMs === undefined ? upstream : keepAlive({ upstream, everyMs: settings.keepAliveMs });
  const decisions = new Decisions(state);
  const approvals =
    settings.policies.length === 0 || pageUrl === undefined
      ? undefined
      : new Approvals({ state, decisions, seal, environment, pageUrl, tell, goOn });
  const gates = gatesOf(settings, { environment, decisions, ...(approvals === undefined ? {} : { approvals }) });
  if (gates.length === 0) return { server: lively, approvals };
  const engine = { seal, environment, observer, decisions, ...(holdMs === undefined ? {} : { holdMs }) };
  const kept = { audit: settings.auditMs === 0 ? undefined : audit };
  const times = settings.auditMs === undefined ? {} : { auditMs: settings.auditMs };
  const waits = settings.waitMs === undefined ? {} : { waitMs: settings.waitMs };
  return { server: gated({ ...engine, ...waits, ...kept, ...times, upstream: lively, gates }), approvals };
}
