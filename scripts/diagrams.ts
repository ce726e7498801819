/**
 * Draws the machines from their tables, into `docs/diagrams.md`.
 *
 * Everything in the drawings comes from the tables, except the state-triggered rules, which stand beside the tables in prose
 * and are listed here once more. The tidy test fails when the file and the tables disagree; `npx tsx scripts/diagrams.ts`
 * writes it anew.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RUN_TABLE } from '../core/journal/run.ts';
import { EXCHANGE_TABLE } from '../core/session/exchange.ts';
import { SESSION_TABLE } from '../core/session/session.ts';

type Table = Readonly<Record<string, Readonly<Partial<Record<string, string>>>>>;

interface Machine {
  readonly title: string;
  /** What it is, where its table stands. */
  readonly text: string;
  readonly table: Table;
  readonly initial: readonly string[];
  /** State-triggered rules: from, to, when. */
  readonly rules: readonly (readonly [string, string, string])[];
}

const MACHINES: readonly Machine[] = [
  {
    title: 'Session',
    text:
      'What `initialize` opened (`core/session/session.ts`). Its phase is never stored: it is computed on read from its times. ' +
      'A session that is configured to end when idle goes from `open` to `ended` by *stopped*.',
    table: SESSION_TABLE,
    initial: ['open'],
    rules: [],
  },
  {
    title: 'Exchange',
    text:
      'One client request from arrival to response (`core/session/exchange.ts`). Every arrow is one conditional write. ' +
      'An exchange that continues a kept call begins where its answers are, in `waiting` or `ready`.',
    table: EXCHANGE_TABLE,
    initial: ['calling'],
    rules: [['waiting', 'ready', 'nothing is unanswered']],
  },
  {
    title: 'Run',
    text:
      'One execution of a program for one round (`core/journal/run.ts`). It lives in memory only: what outlasts it is the ' +
      'journal, sealed into `requestState`.',
    table: RUN_TABLE,
    initial: ['replaying'],
    rules: [
      ['replaying', 'live', 'every recorded answer is used'],
      ['replaying', 'failed', 'it diverges from the journal'],
      ['live', 'failed', 'it breaks a bound'],
    ],
  },
];

/** A table as a Mermaid state diagram: one arrow per pair of phases, labelled with every event that makes it. */
export function draw({ table, initial, rules }: Pick<Machine, 'table' | 'initial' | 'rules'>): string {
  const lines = initial.map(phase => `[*] --> ${phase}`);
  for (const [from, cells] of Object.entries(table)) {
    const events = new Map<string, string[]>();
    for (const [event, to] of Object.entries(cells)) {
      if (to !== undefined) events.set(to, [...(events.get(to) ?? []), event]);
    }
    for (const [to, names] of events) lines.push(`${from} --> ${to}: ${names.join(', ')}`);
    for (const [start, to, when] of rules) if (start === from) lines.push(`${from} --> ${to}: (${when})`);
    if (Object.values(cells).every(to => to === from)) lines.push(`${from} --> [*]`);
  }
  return ['```mermaid', 'stateDiagram-v2', ...lines.map(line => `  ${line}`), '```'].join('\n');
}

/** The whole document. */
export const diagrams = (): string =>
  `${[
    '# The machines',
    '<!-- Written by scripts/diagrams.ts. Do not edit. -->',
    'Three machines carry the product. Each is a table in one pure file, and these drawings are made from the tables. An event ' +
      'without an arrow says nothing in that phase: nothing changes. Labels in parentheses are rules that hold as soon as ' +
      'their condition does, without an event.',
    ...MACHINES.flatMap(machine => [`## ${machine.title}`, machine.text, draw(machine)]),
  ].join('\n\n')}\n`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(join(import.meta.dirname, '../docs/diagrams.md'), diagrams());
}
