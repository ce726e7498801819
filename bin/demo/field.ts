/**
 * One field of a form, as a prompt in the terminal.
 *
 * A field is a property of `requestedSchema` (MCP, "Elicitation", restricted JSON Schema). Prompts check while the person
 * types, with the words a person needs; the server checks again.
 */
import type { Writable } from 'node:stream';
import { confirm, isCancel, multiselect, select, text } from '@clack/prompts';
import type { ElicitRequestFormParams } from '@modelcontextprotocol/client';

export type Field = ElicitRequestFormParams['requestedSchema']['properties'][string];
export type FieldValue = string | number | boolean | string[];

/** Marks a form that the person left. */
export const LEFT = Symbol('left');

interface Choice {
  readonly value: string;
  readonly label: string;
}

/** The values a field offers, if it offers some: as `enum`, `oneOf`, or in an array's items. */
export function choicesOf(field: Field): readonly Choice[] | undefined {
  const listed = 'items' in field ? field.items : field;
  if ('enum' in listed && Array.isArray(listed.enum)) {
    const names = 'enumNames' in listed && Array.isArray(listed.enumNames) ? listed.enumNames : [];
    return listed.enum.map((value, i) => ({ value, label: names[i] ?? value }));
  }
  const titled = 'oneOf' in listed ? listed.oneOf : 'anyOf' in listed ? listed.anyOf : undefined;
  return titled?.map(choice => ({ value: choice.const, label: choice.title }));
}

/** Asks for the value of one field. `undefined` leaves an optional field out. */
export async function askField(
  message: string,
  field: Field,
  required: boolean,
  output: Writable,
): Promise<FieldValue | undefined | typeof LEFT> {
  const choices = choicesOf(field);
  const initial = 'default' in field ? field.default : undefined;
  if (choices !== undefined && field.type === 'array') {
    return left(
      await multiselect({ message, options: [...choices], required, output, initialValues: listOf(initial) }),
    );
  }
  if (choices !== undefined) {
    const start = typeof initial === 'string' ? { initialValue: initial } : {};
    return left(await select({ message, options: [...choices], output, ...start }));
  }
  if (field.type === 'boolean') return left(await confirm({ message, output, initialValue: initial !== false }));
  const typed = left(
    await text({
      message,
      output,
      validate: value => problemWith(value ?? '', field, required),
      ...(initial === undefined ? {} : { initialValue: String(initial) }),
      ...(field.description === undefined ? {} : { placeholder: field.description }),
    }),
  );
  if (typed === LEFT) return LEFT;
  if (typed === '') return undefined;
  return field.type === 'string' ? typed : Number(typed);
}

const left = <T>(value: T): Exclude<T, symbol> | typeof LEFT =>
  isCancel(value) ? LEFT : (value as Exclude<T, symbol>);
const listOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** What is wrong with a typed value, in a sentence; `undefined` if nothing is. */
export function problemWith(value: string, field: Field, required: boolean): string | undefined {
  if (value === '') return required ? 'Please fill this in.' : undefined;
  if (field.type === 'number' || field.type === 'integer') return problemWithNumber(value, field);
  if (field.type !== 'string') return undefined;
  if ('minLength' in field && field.minLength !== undefined && value.length < field.minLength) {
    return `Please use at least ${field.minLength} characters.`;
  }
  if ('maxLength' in field && field.maxLength !== undefined && value.length > field.maxLength) {
    return `Please use at most ${field.maxLength} characters.`;
  }
  return undefined;
}

function problemWithNumber(value: string, field: Extract<Field, { type: 'number' | 'integer' }>): string | undefined {
  const number = Number(value);
  if (!Number.isFinite(number)) return 'Please type a number.';
  if (field.type === 'integer' && !Number.isInteger(number)) return 'Please type a whole number.';
  if (field.minimum !== undefined && number < field.minimum) return `Please type ${field.minimum} or more.`;
  if (field.maximum !== undefined && number > field.maximum) return `Please type ${field.maximum} or less.`;
  return undefined;
}
