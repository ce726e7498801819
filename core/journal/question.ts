/**
 * A question of a program, as the journal sees it: without what differs from run to run.
 *
 * `_meta`, `task` and `elicitationId` belong to the legacy wire: a modern client never sees them (2026-07-28, "Multi
 * round-trip requests"), and two questions that differ only there are the same question.
 */
import { LIMITS } from '../base/limits.ts';
import { META } from '../protocol/envelope.ts';
import { canonicalJson, digest } from '../protocol/json.ts';
import { isObject } from '../protocol/messages.ts';
import type { InputMethod } from '../protocol/methods.ts';
import type { Entry } from './journal.ts';

export interface Question {
  readonly method: InputMethod;
  /** As the client gets to see them. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Equal texts are equal questions, whatever the run. */
  readonly print: string;
  /** What it asks for, without the words it asks with: the form, the model's settings. */
  readonly shape: string;
  /** What its key begins with. */
  readonly stem: string;
}

const NESTED_META = new Set(['_meta']);

export function questionOf(method: InputMethod, params: unknown): Question {
  const { _meta, task: _, elicitationId: __, ...asked } = isObject(params) ? params : {};
  const { message, messages, systemPrompt, url, ...form } = asked;
  const shape = digest(canonicalJson(form, NESTED_META)).slice(0, 8);
  const name = isObject(_meta) ? _meta[META.inputKey] : undefined;
  if (isName(name)) return { method, params: asked, print: `${method}#${name}`, shape, stem: name };
  const print = digest(`${method}\n${canonicalJson(asked, NESTED_META)}`);
  return { method, params: asked, print, shape, stem: `${method.replace(/\/.*/s, '')}-${print.slice(0, 8)}` };
}

/** A key an author may choose. Members of every object (`constructor`) are no names: careless peers would find them anywhere. */
const isName = (name: unknown): name is string =>
  typeof name === 'string' && /^[\w.:-]{1,64}$/.test(name) && !(name in {});

/** A key that no entry has yet: the stem, with a number from the second on. */
export function freeKey(stem: string, entries: readonly Entry[]): string {
  const taken = new Set(entries.map(entry => entry.key));
  let key = stem;
  for (let n = 2; taken.has(key); n++) key = `${stem}-${n}`;
  return key;
}

/** The beginning of what it asks: enough for its author to know which question is meant. */
export function labelOf(question: Pick<Question, 'method' | 'params'>): string {
  const { message, messages } = question.params;
  const first: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  const content: unknown = isObject(first) ? first.content : undefined;
  const text = typeof message === 'string' ? message : isObject(content) ? content.text : undefined;
  return typeof text === 'string' ? text.slice(0, LIMITS.labelCharactersMax) : '';
}

/** For people: which question this was. */
export const described = (question: { readonly method: string; readonly label: string }): string =>
  question.label === '' ? question.method : `${question.method} ${JSON.stringify(question.label)}`;
