/**
 * Law 4 of the architecture: one noun, one file, named for it; small, opened by a comment, and with no inner barrels.
 *
 * The length of a function is read from indentation, which Biome makes dependable.
 */
import type { SourceFile } from './source.ts';
import { codeOf } from './source.ts';

export const FILE_LINES_MAX = 400;
export const FUNCTION_LINES_MAX = 70;
export const MEDIAN_LINES_MAX = 130;

export const linesOf = (file: SourceFile): number => file.text.trimEnd().split('\n').length;

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return Number.isInteger(middle) ? (at(middle - 1) + at(middle)) / 2 : at(Math.floor(middle));
}

export const sizeComplaints = (file: SourceFile): readonly string[] =>
  linesOf(file) > FILE_LINES_MAX ? [`${file.path}: ${linesOf(file)} lines`] : [];

const OPENS_FUNCTION = [
  /^\s*(?:export )?(?:default )?(?:async )?function\b/,
  /^\s*(?:export )?const \w+.* = (?:async )?(?:<.*>)?\(.*$/,
  /^\s+(?!if|for|while|switch|catch|return|await|throw|else|do\b)(?:static |async |override |get |set |\*)*[#\w]+\(.*\{$/,
];

/** Functions that do not fit a screen: from the line that opens one to the line that closes at the same depth. */
export function functionComplaints(file: SourceFile): readonly string[] {
  const lines = codeOf(file.text, 'blank').split('\n');
  return lines.flatMap((line, start) => {
    if (!OPENS_FUNCTION.some(pattern => pattern.test(line))) return [];
    const indent = /^\s*/.exec(line)?.[0] ?? '';
    const length = lines.slice(start + 1).findIndex(later => later.startsWith(`${indent}}`)) + 2;
    const next = lines.slice(start + 1, start + length - 1);
    const isBody = next.every(
      inner => inner.trim() === '' || inner.startsWith(`${indent} `) || inner.startsWith(`${indent})`),
    );
    return isBody && length > FUNCTION_LINES_MAX ? [`${file.path}:${start + 1}: a function of ${length} lines`] : [];
  });
}

/** Every file says first what it owns. */
export const openingComplaints = (file: SourceFile): readonly string[] =>
  /^(?:#![^\n]*\n)?\/\*\*/.test(file.text) ? [] : [`${file.path}: does not open with a comment`];

const VAGUE = /^(?:utils?|helpers?|shared|common|misc|types|index|[\w-]*-(?:manager|service|utils?|helpers?))$/i;

/** Names that let anything in, for a file or for one of its folders; `index` is a barrel. */
export function nameComplaints(path: string): readonly string[] {
  const parts = path.replace(/(?:\.test|\.contract|\.case)?\.\w+$/, '').split('/');
  return parts.some(part => VAGUE.test(part)) ? [`${path}: says too little by its name`] : [];
}
