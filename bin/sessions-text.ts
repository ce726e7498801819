/** Sessions as text for people: a table of many, or one with its open calls and its tasks. Pure. */
import type { ExchangeView, SessionDetail, SessionView } from '../core/ports/session-admin.ts';
import type { Paint } from './paint.ts';

const COLOURS = { open: 'green', asleep: 'yellow', ended: 'dim' } as const;

export function listText(sessions: readonly SessionView[], nowMs: number, paint: Paint): string {
  if (sessions.length === 0) return 'There are no sessions.\n';
  const rows = sessions.map(view => [view.session, view.principal, view.phase, view.client, ...timesOf(view, nowMs)]);
  const head = ['SESSION', 'PRINCIPAL', 'PHASE', 'CLIENT', 'OPENED', 'LAST SEEN', 'ENDS'];
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map(row => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string[] => cells.map((cell, at) => cell.padEnd(widths[at] ?? 0));
  const lines = rows.map((row, at) =>
    line(row)
      .map((cell, column) => (column === 2 ? paint(COLOURS[sessions[at]?.phase ?? 'open'], cell) : cell))
      .join('  ')
      .trimEnd(),
  );
  return `${[paint('bold', line(head).join('  ').trimEnd()), ...lines].join('\n')}\n`;
}

export function detailText(detail: SessionDetail, nowMs: number, paint: Paint): string {
  const [opened, seen, ends] = timesOf(detail, nowMs);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['principal', detail.principal],
    ['phase', paint(COLOURS[detail.phase], detail.phase)],
    ['client', `${detail.client}, MCP ${detail.revision}`],
    ...(detail.class === undefined ? [] : [['class', detail.class] as const]),
    ['opened', opened],
    ['last seen', seen],
    ['ends', ends],
  ];
  const open = detail.exchanges.filter(({ phase }) => phase !== 'settled');
  const ended = detail.exchanges.filter(({ phase }) => phase === 'settled');
  const linesOf = (exchanges: readonly ExchangeView[]) => exchanges.flatMap(one => exchangeLines(one, nowMs, paint));
  return [
    paint('bold', `Session ${detail.session}`),
    ...facts.map(([name, value]) => `  ${name.padEnd(10)}${value}`),
    '',
    paint('bold', open.length === 0 ? 'No open calls' : 'Open calls'),
    ...linesOf(open),
    ...(ended.length === 0 ? [] : ['', paint('bold', 'Tasks that have ended'), ...linesOf(ended)]),
    '',
  ].join('\n');
}

function exchangeLines(view: ExchangeView, nowMs: number, paint: Paint): readonly string[] {
  const { exchange, method, phase, round, bytes, createdAtMs, questions, task } = view;
  const begun = `begun ${span(nowMs - createdAtMs)} ago`;
  const as = task === undefined ? '' : `  task ${task.status}, kept for ${span(task.endsAtMs - nowMs)}`;
  return [
    `  ${paint('cyan', exchange)}  ${method}  ${phase}  round ${round}  ${bytes} bytes  ${begun}${as}`,
    ...questions.flatMap(({ id, method: asks, answered, params }) => [
      `    ${answered ? 'answered' : 'waiting '}  ${asks}  ${paint('dim', id)}`,
      ...(params === undefined ? [] : [`      ${JSON.stringify(params)}`]),
    ]),
  ];
}

const timesOf = ({ createdAtMs, seenAtMs, endsAtMs, phase, left }: SessionView, nowMs: number): readonly string[] => [
  `${span(nowMs - createdAtMs)} ago`,
  `${span(nowMs - seenAtMs)} ago`,
  phase === 'ended'
    ? `${left?.reason ?? 'ended'} ${span(nowMs - (left?.atMs ?? nowMs))} ago`
    : `in ${span(endsAtMs - nowMs)}`,
];

/** Roughly, as people say it: the largest unit of which there are at least two. */
function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
  ] as const)
    if (seconds >= 2 * size) return `${Math.floor(seconds / size)}${unit}`;
  return `${seconds}s`;
}
