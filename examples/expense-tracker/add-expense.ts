/**
 * The conversation behind `add_expense`: four questions, one after the other, each built from the answers before it.
 *
 * It is written as one would say it: ask, await, go on. Nothing is recorded before the last answer, so a server that runs
 * this again from the start with the same answers comes to the same place and repeats nothing.
 */
import { randomUUID } from 'node:crypto';
import type { ElicitRequestFormParams, ElicitResult } from '@modelcontextprotocol/sdk/types.js';
import { CATEGORIES, isCategory, money, recordExpense } from './expenses.ts';

/** Asks the person at the other end to fill in a form. */
export type Ask = (form: ElicitRequestFormParams) => Promise<ElicitResult>;
type Field = ElicitRequestFormParams['requestedSchema']['properties'][string];

const amountField: Field = { type: 'number', title: 'Amount', description: 'For example 42.50', minimum: 0.01 };
const descriptionField: Field = { type: 'string', title: 'Description', minLength: 1, maxLength: 200 };
const categoryField: Field = { type: 'string', title: 'Category', enum: [...CATEGORIES] };
const confirmField: Field = { type: 'boolean', title: 'Record it?', default: true };

/** Thrown by a question that was declined or closed; ends the conversation with a sentence instead of an error. */
class Ended extends Error {}

/** Asks for a new expense and records it. Resolves with what to tell the person. */
export async function addExpense(ask: Ask): Promise<string> {
  try {
    return await converse(ask);
  } catch (error) {
    if (error instanceof Ended) return error.message;
    throw error;
  }
}

async function converse(ask: Ask): Promise<string> {
  const amount = Number(await answer(ask, 'How much did you spend?', 'amount', amountField));
  const description = String(await answer(ask, `What were the ${money(amount)} for?`, 'description', descriptionField));
  const category = await answer(ask, `Which category fits "${description}"?`, 'category', categoryField);
  if (!isCategory(category))
    throw new Error(`There is no category "${category}". Use one of ${CATEGORIES.join(', ')}.`);
  const summary = `${money(amount)} for "${description}" (${category})`;
  const confirmed = await answer(ask, `Record ${summary}?`, 'confirmation', confirmField);
  if (confirmed !== true) return `Nothing was recorded: ${summary} was not confirmed.`;
  const date = new Date().toISOString().slice(0, 10);
  await recordExpense({ id: randomUUID(), amount, description, category, date });
  return `Recorded ${summary}.`;
}

async function answer(ask: Ask, message: string, name: string, field: Field): Promise<unknown> {
  const requestedSchema = { type: 'object' as const, properties: { [name]: field }, required: [name] };
  const result = await ask({ message, requestedSchema });
  if (result.action === 'decline') throw new Ended(`Nothing was recorded: the ${name} was declined.`);
  if (result.action === 'cancel') throw new Ended(`Nothing was recorded: the form was closed at the ${name}.`);
  return result.content?.[name];
}
