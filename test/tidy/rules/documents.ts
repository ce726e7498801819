/**
 * What the documents promise: links lead somewhere, decisions are numbered, tables of codes and limits are complete.
 *
 * Pure but for one question, whether a file exists, which is an argument.
 */
import { posix } from 'node:path';
import type { SourceFile } from './source.ts';

const LINK = /(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)|!\[[^\]\n]*\]\(([^)\s]+)\)/g;
const FENCE = /^```[\s\S]*?^```/gm;

/** GitHub's name for a heading: what a `#fragment` may say. */
export const slugOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[`*]/g, '')
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

const slugsOf = (text: string): readonly string[] =>
  [...text.replace(FENCE, '').matchAll(/^#{1,6} (.+)$/gm)].map(match => slugOf(match[1] ?? ''));

/** Relative links of a Markdown file that lead to no file or no heading. `read` gives a file's text, or nothing. */
export function linkComplaints(file: SourceFile, read: (path: string) => string | undefined): readonly string[] {
  return [...file.text.replace(FENCE, '').matchAll(LINK)].flatMap(match => {
    const link = match[1] ?? match[2] ?? '';
    if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return [];
    const [place = '', fragment] = link.split('#');
    const target = place === '' ? file.path : posix.normalize(posix.join(posix.dirname(file.path), place));
    const text = read(target);
    if (text === undefined) return [`${file.path}: ${link} leads nowhere`];
    if (fragment === undefined || !target.endsWith('.md')) return [];
    return slugsOf(text).includes(fragment) ? [] : [`${file.path}: ${link} names no heading`];
  });
}

/** Decision records are `0001-….md`, `0002-….md` and so on, each number once. */
export function decisionComplaints(names: readonly string[]): readonly string[] {
  return [...names].sort().flatMap((name, index) => {
    const number = String(index + 1).padStart(4, '0');
    return new RegExp(`^${number}-[a-z0-9-]+\\.md$`).test(name) ? [] : [`${name}: should be numbered ${number}`];
  });
}

/** Names that a document does not mention as `name`. */
export const undocumented = (names: readonly string[], document: string): readonly string[] =>
  names.filter(name => !document.includes(`\`${name}\``));

/** Rows of a document's tables that name something which does not exist any more. */
export const outdated = (names: readonly string[], document: string): readonly string[] =>
  [...document.matchAll(/^\| `(\w+)` \|/gm)].flatMap(match => (names.includes(match[1] ?? '') ? [] : [match[1] ?? '']));

/** Names that no file uses in the way `pattern` makes of them. */
export const unused = (
  names: readonly string[],
  files: readonly SourceFile[],
  pattern: (name: string) => RegExp,
): readonly string[] => names.filter(name => !files.some(file => pattern(name).test(file.text)));

const UNITS: readonly (readonly [RegExp, readonly (readonly [number, string])[]])[] = [
  [
    /Bytes/,
    [
      [1024 * 1024, 'MiB'],
      [1024, 'KiB'],
      [1, 'bytes'],
    ],
  ],
  [
    /Ms/,
    [
      [24 * 60 * 60_000, 'days'],
      [60 * 60_000, 'h'],
      [60_000, 'min'],
      [1_000, 's'],
      [1, 'ms'],
    ],
  ],
];

/** A bound as people write it: the unit is in its name, and the largest one that divides it is taken. */
export function written(name: string, value: number): string {
  const units = UNITS.find(([pattern]) => pattern.test(name))?.[1] ?? [];
  const [size, unit] = units.find(([each]) => value % each === 0) ?? [1, ''];
  return `${(value / size).toLocaleString('en').replaceAll(',', ' ')} ${unit}`.trim();
}

/** Bounds whose row is missing or says another value, and rows of bounds that are gone. */
export const limitComplaints = (limits: Readonly<Record<string, number>>, document: string): readonly string[] => [
  ...Object.entries(limits).flatMap(([name, value]) => {
    const row = `| \`${name}\` | ${written(name, value)} |`;
    return document.includes(row) ? [] : [`missing: ${row}`];
  }),
  ...outdated(Object.keys(limits), document).map(name => `outdated: ${name}`),
];
