/**
 * Arguments as a person reads them before a decision: one line each, nothing that could pass for a line of ours, long values
 * shortened with their length, and secrets masked: those at configured paths, and what looks like one by its name.
 */
import { LIMITS } from '../base/limits.ts';
import { isObject } from '../protocol/messages.ts';
import type { Json } from './gate.ts';

const SECRET = /pass(word|phrase|wd)|secret|token|api[-_]?key|credential|authorization|private[-_]?key/i;
/** Controls, and what turns the direction of writing: both can make a text look like another. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** `path` of masks: `password`, `user.token`, `items.*.secret`. */
export function shown(args: Json, masks: readonly string[]): string {
  const patterns = masks.map(mask => mask.split('.'));
  const lines = Object.entries(args).flatMap(([name, value]) => linesOf(value, [name], patterns));
  if (lines.length === 0) return 'It has no arguments.';
  const kept = lines.slice(0, LIMITS.shownArgumentsMax);
  const more = lines.length - kept.length;
  return [...kept, ...(more > 0 ? [`… and ${more} more values, which are not shown`] : [])].join('\n');
}

function linesOf(value: unknown, path: readonly string[], masks: readonly (readonly string[])[]): readonly string[] {
  const name = plain(path.join('.'));
  if (masks.some(mask => fits(mask, path)) || SECRET.test(path.at(-1) ?? '')) return [`${name}: (hidden)`];
  const members = Array.isArray(value) || isObject(value) ? Object.entries(value) : [];
  if (members.length > 0) return members.flatMap(([member, inner]) => linesOf(inner, [...path, member], masks));
  return [`${name}: ${typeof value === 'string' ? short(value) : JSON.stringify(value)}`];
}

const fits = (mask: readonly string[], path: readonly string[]): boolean =>
  mask.length === path.length && mask.every((part, i) => part === '*' || part === path[i]);

function short(text: string): string {
  const cut = text.length > LIMITS.shownValueCharactersMax;
  const head = plain(text.slice(0, LIMITS.shownValueCharactersMax));
  return cut ? `"${head}…" (${text.length} characters, not all shown)` : `"${head}"`;
}

/** A text on one line. */
export const plain = (text: string): string => text.replace(/\r?\n/g, '⏎').replace(UNSEEN, '�');
