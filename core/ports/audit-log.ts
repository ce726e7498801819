/**
 * What was decided about calls, kept for a time so that it can be told later who let what happen. Entries are only added, never
 * changed. Contract: `test/contracts/audit-log.contract.ts`.
 */

export interface AuditEntry {
  /** Ids sort by the time of their entries: `auditIdOf`. */
  readonly id: string;
  readonly atMs: number;
  readonly event: 'asked' | 'passed' | 'refused' | 'failed';
  readonly gate: string;
  readonly tool: string;
  /** A digest of tool and arguments; the arguments themselves are kept nowhere. */
  readonly argumentsDigest: string;
  /** Whose call it is. */
  readonly principal: string;
  /** Who decided it, where somebody did. */
  readonly by?: string;
  /** Where they did. */
  readonly via?: 'client' | 'page';
  readonly because: string;
  /** Names its session without being its id. */
  readonly session?: string;
  readonly exchange?: string;
  /** From then on the entry is absent. */
  readonly expiresAtMs: number;
}

export interface AuditQuery {
  /** Only entries before this id. */
  readonly before?: string;
  /** Only entries from this moment on. */
  readonly sinceMs: number;
  readonly limit: number;
}

export interface AuditPage {
  /** The newest first. */
  readonly entries: readonly AuditEntry[];
  /** The `before` of the next page, if there may be one. */
  readonly next?: string;
}

export interface AuditLog {
  /** Durable when it resolves. An entry that is added again is there once. */
  append(entry: AuditEntry): Promise<void>;
  list(query: AuditQuery): Promise<AuditPage>;
}

const TIME_DIGITS = 15;

/** Sorts by time; what is unique about it comes after. */
export const auditIdOf = (atMs: number, unique: string): string =>
  `${String(Math.trunc(atMs)).padStart(TIME_DIGITS, '0')}-${unique}`;
