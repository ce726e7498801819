/** What can be said about a list of expenses: totals, a table, a report in Markdown. Pure; it knows neither files nor MCP. */
import type { Category, Expense } from './expenses.ts';
import { CATEGORIES, money } from './expenses.ts';

export const totalOf = (expenses: readonly Expense[]): number =>
  expenses.reduce((sum, expense) => sum + Math.round(expense.amount * 100), 0) / 100;

/** The categories that have expenses, the dearest first. */
export function totalsByCategory(expenses: readonly Expense[]): readonly (readonly [Category, number])[] {
  return CATEGORIES.map(category => [category, totalOf(expenses.filter(e => e.category === category))] as const)
    .filter(([, total]) => total > 0)
    .sort(([, a], [, b]) => b - a);
}

export const listOf = (expenses: readonly Expense[]): string =>
  expenses.length === 0
    ? 'No expenses yet.'
    : expenses
        .map(e => `${e.date}  ${money(e.amount).padStart(10)}  ${e.category.padEnd(9)} ${e.description}`)
        .join('\n');

/** The numbers of the `expenses://summary` resource. */
export const summaryOf = (expenses: readonly Expense[]) => ({
  count: expenses.length,
  total: totalOf(expenses),
  byCategory: Object.fromEntries(totalsByCategory(expenses)),
});

export function reportOf(expenses: readonly Expense[]): string {
  const rows = totalsByCategory(expenses).map(([category, total]) => `| ${category} | ${money(total)} |`);
  const largest = expenses.toSorted((a, b) => b.amount - a.amount)[0];
  return [
    '# Expense report',
    '',
    `${expenses.length} ${expenses.length === 1 ? 'expense' : 'expenses'}, ${money(totalOf(expenses))} in all.`,
    ...(rows.length === 0 ? [] : ['', '| category | total |', '|---|---|', ...rows]),
    ...(largest === undefined ? [] : ['', `Largest: ${money(largest.amount)} for "${largest.description}".`]),
  ].join('\n');
}
