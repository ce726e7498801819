/**
 * What the gates decided, told to the observer and, where there is an audit log, kept before the call goes on: who asked, who
 * decided, which tool, and a digest of the arguments, never the arguments. What cannot be kept stops the call.
 */
import type { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { AuditEntry, AuditLog } from '../ports/audit-log.ts';
import { auditIdOf } from '../ports/audit-log.ts';
import type { Environment } from '../ports/environment.ts';
import type { Observer } from '../ports/observer.ts';
import { callDigest } from '../protocol/json.ts';
import type { Gate, GatedCall, Verdict } from './gate.ts';

export interface RecordOptions {
  readonly environment: Environment;
  readonly observer: Observer;
  readonly audit?: AuditLog | undefined;
  /** How long entries are kept. */
  readonly auditMs?: number;
}

const EVENTS = { pass: 'passed', ask: 'asked', refuse: 'refused' } as const;

export async function record(
  options: RecordOptions,
  gate: Gate,
  seen: GatedCall,
  verdict: Exclude<Verdict, { kind: 'unconcerned' }>,
): Promise<void> {
  const event = EVENTS[verdict.kind];
  const decided = 'decided' in verdict && verdict.decided !== undefined ? verdict.decided : undefined;
  options.observer({ ...about(gate, seen), event: `gate.${event}`, level: 'info', message: verdict.because });
  const by = decided === undefined ? {} : { by: decided.by, via: decided.via ?? ('client' as const) };
  await keep(options, gate, seen, { event, because: verdict.because, ...by });
}

export async function recordFailure(options: RecordOptions, gate: Gate, seen: GatedCall, fault: Fault): Promise<void> {
  const { message, detail } = fault;
  const more = detail === undefined ? {} : { detail };
  options.observer({ ...about(gate, seen), event: 'gate.failed', level: 'error', message, ...more });
  // It is refused in any case, also by a store that is out of reach.
  await keep(options, gate, seen, { event: 'failed', because: message }).catch(() => undefined);
}

async function keep(
  { audit, auditMs = LIMITS.auditKeepMsDefault, environment }: RecordOptions,
  gate: Gate,
  seen: GatedCall,
  what: Pick<AuditEntry, 'event' | 'because' | 'by' | 'via'>,
): Promise<void> {
  if (audit === undefined) return;
  const { principal, session, lease } = seen.call;
  const atMs = environment.now();
  await audit.append({
    id: auditIdOf(atMs, environment.newId()),
    atMs,
    gate: gate.name,
    tool: seen.tool,
    argumentsDigest: digestOf(seen),
    principal: principal.id,
    ...what,
    ...(session === undefined ? {} : { session: session.name }),
    ...(lease === undefined ? {} : { exchange: lease.exchange }),
    expiresAtMs: atMs + auditMs,
  });
}

function about(gate: Gate, seen: GatedCall) {
  const { principal, session, lease } = seen.call;
  return {
    gate: gate.name,
    tool: seen.tool,
    principal: principal.id,
    argumentsDigest: digestOf(seen),
    ...(session === undefined ? {} : { session: session.id }),
    ...(lease === undefined ? {} : { exchange: lease.exchange }),
  };
}

const digestOf = (seen: GatedCall): string => callDigest('tools/call', { name: seen.tool, arguments: seen.arguments });
