/**
 * The answers to a question of the server: by a person, who fills in the form, declines it or closes it; or by itself.
 *
 * Both answer whole forms. What is between a question and its answer (a killed server, for one) is not known here.
 */
import { isCancel, select } from '@clack/prompts';
import type { ElicitRequestFormParams, ElicitResult } from '@modelcontextprotocol/client';
import type { Field, FieldValue } from './field.ts';
import { askField, choicesOf, LEFT } from './field.ts';
import type { Screen } from './screen.ts';

export type Answer = (form: ElicitRequestFormParams) => Promise<ElicitResult>;

/** A person left the demo, not just a form. */
export class Quit extends Error {}

/** Asks the person at the terminal, field by field. Escape leads to a choice: decline, close, go back, or quit. */
export const byPerson =
  (screen: Screen): Answer =>
  async form => {
    const content: Record<string, FieldValue> = {};
    for (const [name, field] of Object.entries(form.requestedSchema.properties)) {
      const message = `${form.message} ${screen.paint('dim', field.title ?? name)}`;
      for (;;) {
        const value = await askField(
          message,
          field,
          form.requestedSchema.required?.includes(name) === true,
          screen.output,
        );
        if (value !== LEFT) {
          if (value !== undefined) content[name] = value;
          break;
        }
        const action = await leave(screen);
        if (action !== 'back') return { action };
      }
    }
    return { action: 'accept', content };
  };

async function leave(screen: Screen): Promise<'back' | 'decline' | 'cancel'> {
  const choice = await select({
    message: 'Leave this form?',
    output: screen.output,
    options: [
      { value: 'back', label: 'Go back to it' },
      { value: 'decline', label: 'Decline', hint: 'the server is told: no' },
      { value: 'cancel', label: 'Close it', hint: 'the server is told: dismissed' },
      { value: 'quit', label: 'Quit the demo', hint: 'or Ctrl-C once more' },
    ] as const,
  });
  if (isCancel(choice) || choice === 'quit') throw new Quit('The demo was left.');
  return choice;
}

const PREPARED: Readonly<Record<string, FieldValue>> = {
  amount: 42.5,
  description: 'Lunch with Ada',
  category: 'food',
  confirmation: true,
};

/** Answers by itself, and shows what it answers. */
export const byItself =
  (screen: Screen): Answer =>
  async form => {
    const fields = Object.entries(form.requestedSchema.properties);
    const content = Object.fromEntries(fields.map(([name, field]) => [name, PREPARED[name] ?? anyValueFor(field)]));
    await screen.breathe();
    const shown = fields.map(
      ([name, field]) => `${field.title ?? name}: ${screen.paint('cyan', String(content[name]))}`,
    );
    screen.step(`${form.message}\n${shown.join('\n')}`);
    return { action: 'accept', content };
  };

/** A value that fits: the default, the first choice, the least number, or a word. */
function anyValueFor(field: Field): FieldValue {
  if ('default' in field && field.default !== undefined) return field.default as FieldValue;
  const first = choicesOf(field)?.[0]?.value;
  if (field.type === 'array') return first === undefined ? [] : [first];
  if (first !== undefined) return first;
  if (field.type === 'boolean') return true;
  if (field.type === 'string') return 'An answer'.padEnd(('minLength' in field && field.minLength) || 0, '.');
  return ('minimum' in field && field.minimum) || 1;
}
