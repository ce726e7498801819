/**
 * `npm run budget`: measures what each flow consumes of DynamoDB, from the `ConsumedCapacity` of every request, and holds it against
 * what is promised. The last line sums up; more than promised is a failure.
 */
import type { Line } from '../test/support/dynamodb/budget.ts';
import { measureBudget } from '../test/support/dynamodb/budget.ts';
import { startEmulator } from '../test/support/dynamodb/emulator.ts';

const HEADINGS = ['flow', 'read units', 'write units', 'operations'];

const emulator = await startEmulator();
const lines = await measureBudget(emulator.endpoint).finally(() => emulator.stop());

const units = (consumed: number, max: number | undefined): string =>
  `${rounded(consumed)}${max === undefined ? '' : ` ≤ ${max}`}${exceeds(consumed, max) ? ' ✗' : ''}`;
const rounded = (value: number): string => String(Math.round(value * 1000) / 1000);
const exceeds = (consumed: number, max: number | undefined): boolean => max !== undefined && consumed > max;
const isOver = (line: Line): boolean => exceeds(line.reads, line.readsMax) || exceeds(line.writes, line.writesMax);

const rows = lines.map(line => [
  line.flow,
  units(line.reads, line.readsMax),
  units(line.writes, line.writesMax),
  rounded(line.operations),
]);
const widths = HEADINGS.map((heading, column) =>
  Math.max(...[HEADINGS, ...rows].map(row => (row[column] ?? heading).length)),
);
for (const row of [HEADINGS, widths.map(width => '-'.repeat(width)), ...rows]) {
  console.log(`| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
}

const over = lines.filter(isOver);
console.log(
  over.length === 0
    ? `budget: ${lines.length} flows, all within what is promised`
    : `budget: ${over.length} of ${lines.length} flows consume more than is promised: ${over.map(line => line.flow).join('; ')}`,
);
process.exitCode = over.length === 0 ? 0 : 1;
