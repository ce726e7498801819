/**
 * Where the expenses are kept: one JSON object a line, in the file that `EXPENSES_FILE` names.
 *
 * An expense is one append, so two processes can write without losing anything, and nothing lives in the memory of this
 * module: a server may be started afresh for every call. It knows nothing of MCP.
 */
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const CATEGORIES = ['food', 'travel', 'lodging', 'software', 'other'] as const;
export type Category = (typeof CATEGORIES)[number];

export const isCategory = (value: unknown): value is Category => CATEGORIES.includes(value as Category);

export interface Expense {
  readonly id: string;
  readonly amount: number;
  readonly description: string;
  readonly category: Category;
  /** The day it was recorded, `2026-11-21`. */
  readonly date: string;
}

export const money = (amount: number): string => amount.toFixed(2);

/** Looked up at every use: whoever starts the server may set it until then. */
const expensesFile = (): string => process.env.EXPENSES_FILE ?? join(tmpdir(), 'expense-tracker', 'expenses.jsonl');

/** Every expense, the oldest first. No file means no expenses yet. */
export async function readExpenses(): Promise<readonly Expense[]> {
  const text = await readFile(expensesFile(), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').flatMap(line => (line.trim() === '' ? [] : [JSON.parse(line) as Expense]));
}

export async function recordExpense(expense: Expense): Promise<void> {
  const file = expensesFile();
  await mkdir(dirname(file), { recursive: true });
  await appendFile(file, `${JSON.stringify(expense)}\n`);
}
