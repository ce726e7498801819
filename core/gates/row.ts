/** The gates of a deployment, in their order, from its settings: arguments, then approval, then keep-alive at the upstream. */

import type { StatelessServer } from '../ports/stateless-server.ts';
import type { ApprovalOptions } from './approval.ts';
import { approvalGate } from './approval.ts';
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

/** An upstream behind the gates that the settings name; without any, the upstream itself. */
export function behindGates(settings: GateSettings, options: Omit<GatedOptions, 'gates'>): StatelessServer {
  const { upstream, environment, guard } = options;
  const lively = settings.keepAliveMs === undefined ? upstream : keepAlive({ upstream, everyMs: settings.keepAliveMs });
  const kept = guard === undefined ? {} : { decisions: new Decisions(guard, environment) };
  const gates = gatesOf(settings, { environment, ...kept });
  return gates.length === 0 ? lively : gated({ ...options, upstream: lively, gates });
}
