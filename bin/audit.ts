/** `fermata audit`: what the gates of a server decided, from its admin API. For people as a table, with `--json` an entry a line. */
import { parseDuration } from '../core/base/duration.ts';
import type { AuditEntry, AuditPage } from '../core/ports/audit-log.ts';
import { adminApi } from './admin-api.ts';
import type { Arguments } from './arguments.ts';
import type { Variables } from './given.ts';
import { choice, invalid } from './given.ts';
import type { Paint } from './paint.ts';
import { paintFor } from './paint.ts';

const FILTERS = ['principal', 'by', 'tool'] as const;
const EVENTS = ['asked', 'passed', 'refused', 'failed'] as const;
const DEFAULT_LIMIT = 50;

export async function audit(given: Arguments, env: Variables): Promise<number> {
  const api = adminApi(given, env);
  const limit = limitIn(given);
  const query = queryOf(given);
  const entries: AuditEntry[] = [];
  for (let after: string | undefined; entries.length < limit; ) {
    const rest = { limit: String(limit - entries.length), ...(after === undefined ? {} : { after }) };
    const page = (await api('GET', `/audit?${new URLSearchParams({ ...query, ...rest })}`)) as AuditPage;
    entries.push(...page.entries);
    if (page.next === undefined) break;
    after = page.next;
  }
  const isJson = given.values.json !== undefined;
  process.stdout.write(
    isJson ? entries.map(entry => `${JSON.stringify(entry)}\n`).join('') : auditText(entries, paintFor(process.stdout)),
  );
  return 0;
}

function queryOf(given: Arguments): Record<string, string> {
  const query: Record<string, string> = {};
  for (const name of FILTERS) if (given.values[name]?.[0] !== undefined) query[name] = given.values[name][0];
  const event = given.values.event?.[0];
  if (event !== undefined) query.event = choice({ text: event, from: '--event' }, EVENTS, 'passed');
  const since = given.values.since?.[0];
  if (since !== undefined) query.since = String(Date.now() - sinceMs(since));
  return query;
}

function sinceMs(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw invalid({ text, from: '--since' }, 'no time', '7d');
}

function limitIn(given: Arguments): number {
  const text = given.values.limit?.[0];
  const limit = text === undefined ? DEFAULT_LIMIT : Number(text);
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw invalid({ text: text ?? '', from: '--limit' }, 'no whole number from 1', '50');
}

const COLOURS = { asked: 'yellow', passed: 'green', refused: 'red', failed: 'red' } as const;
const DIGEST_CHARACTERS = 12;

/** A table, the newest first. */
export function auditText(entries: readonly AuditEntry[], paint: Paint): string {
  if (entries.length === 0) return 'There is nothing of that kind.\n';
  const head = ['WHEN', 'WHAT', 'TOOL', 'PRINCIPAL', 'DECIDED BY', 'ARGUMENTS', 'WHY'];
  const rows = entries.map(({ atMs, event, tool, principal, by, via, argumentsDigest, because }) => [
    `${new Date(atMs).toISOString().slice(0, 19)}Z`,
    event,
    tool,
    principal,
    by === undefined ? '' : `${by}${via === 'page' ? ' (page)' : ''}`,
    argumentsDigest.slice(0, DIGEST_CHARACTERS),
    because,
  ]);
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map(row => row[at]?.length ?? 0)));
  const line = (cells: readonly string[], colour?: (cell: string) => string): string =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .map((cell, at) => (at === 1 && colour !== undefined ? colour(cell) : cell))
      .join('  ')
      .trimEnd();
  const lines = rows.map((row, at) => line(row, cell => paint(COLOURS[entries[at]?.event ?? 'asked'], cell)));
  return `${[paint('bold', line(head)), ...lines].join('\n')}\n`;
}
