/** The report of a run: tables for people and for `docs/speed.md` (Markdown), and the same numbers as JSON. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MemoryScores } from './cases/memory.ts';
import type { ReplayScore } from './cases/replay.ts';
import type { RestartScore } from './cases/restart.ts';
import type { Score } from './side-by-side.ts';
import type { Spread } from './statistics.ts';

export interface Report {
  readonly date: string;
  readonly machine: string;
  readonly quick: boolean;
  readonly plain?: readonly Score[];
  readonly upstream?: readonly Score[];
  readonly question?: readonly Score[];
  readonly replay?: readonly ReplayScore[];
  readonly restart?: RestartScore;
  readonly memory?: MemoryScores;
}

const FOLDER = fileURLToPath(new URL('./results', import.meta.url));

export function machineName(): string {
  const [first] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  return `${cpus().length} × ${first?.model.trim() ?? 'unknown processor'}, ${memory}, ${process.platform}, Node ${process.version}`;
}

/** Writes the report; gives the file. */
export function writeReport(report: Report): string {
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `${report.date.replaceAll(':', '-')}.json`);
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  return file;
}

export function reportText({
  date,
  machine,
  quick,
  plain,
  upstream,
  question,
  replay,
  restart,
  memory,
}: Report): string {
  const parts = [
    `${date}, ${machine}${quick ? ' (quick run)' : ''}. Medians, with the least and the greatest repetition.`,
    plain && section('Plain tool call', scoreTable(plain, 'throughput')),
    upstream && section('Call of an HTTP upstream', scoreTable(upstream, 'added')),
    question && section('Call with one question, answered at once', scoreTable(question, 'throughput')),
    replay && section('Run in process', replayTable(replay)),
    restart && section('Answer after SIGKILL and restart', restartTable(restart)),
    memory && section('Waiting calls', memoryTable(memory)),
  ];
  return `${parts.filter(part => part !== undefined).join('\n\n')}\n`;
}

const section = (title: string, body: string): string => `### ${title}\n\n${body}`;

/** A spread in one cell: `1.23 (1.10–1.40)`. */
export const cell = ({ median, min, max }: Spread, digits: number): string =>
  `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;

function scoreTable(scores: readonly Score[], against: 'throughput' | 'added'): string {
  const last = against === 'throughput' ? 'throughput against the first' : 'added p50, ms';
  const heads = ['in flight', 'contestant', 'calls/s', 'p50 ms', 'p99 ms', 'server CPU µs/call', last];
  const rows = scores.map(score => [
    String(score.inFlight),
    score.name,
    cell(score.perSecond, 0),
    cell(score.p50Ms, 2),
    cell(score.p99Ms, 2),
    cell(score.processorMicros, 0),
    against === 'throughput' ? cell(score.throughputRatio, 2) : cell(score.addedP50Ms, 2),
  ]);
  return table(heads, rows);
}

const replayTable = (scores: readonly ReplayScore[]): string =>
  table(
    ['program', 'answered questions replayed', 'ms per run'],
    scores.map(({ program, questions, ms }) => [
      program,
      questions === 0 ? 'none (plain call)' : String(questions),
      cell(ms, 3),
    ]),
  );

const restartTable = ({ fromStartMs, startMs, fromAnswerMs }: RestartScore): string =>
  table(
    ['from', 'to', 'ms'],
    [
      ['start of the process', 'it listens', cell(startMs, 0)],
      ['answer', 'result (first run in the process)', cell(fromAnswerMs, 1)],
      ['start of the process', 'result', cell(fromStartMs, 0)],
    ],
  );

function memoryTable({ rows, storeBytesPerCall }: MemoryScores): string {
  const heads = ['what', 'waiting calls', 'resident bytes/call', 'heap bytes/call', 'resident in all'];
  const lines = rows.map(row => [
    row.name,
    String(row.calls),
    row.residentBytes.toFixed(0),
    row.heapBytes.toFixed(0),
    `${(row.residentTotalBytes / 2 ** 20).toFixed(0)} MiB`,
  ]);
  return `${table(heads, lines)}\n\nThe store takes ${storeBytesPerCall.toFixed(0)} bytes on the disk per waiting call.`;
}

export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map(row => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(heads), line(widths.map(width => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
