/**
 * Words that must not be in the project: reminders that belong to nobody, vague nouns, ways around the compiler, and paths
 * of somebody's machine.
 *
 * The forbidden words are put together here, so that this file may be tested as well.
 */
import type { SourceFile } from './source.ts';
import { codeOf } from './source.ts';

const REMINDERS = new RegExp(`\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`, 'g');
const HOMES = /(?<![\w.:/-])\/(?:home|Users|root)\/\w+/g;
const ANY = /\bas any\b/g;
const DIRECTIVES = new RegExp(`@ts-${'ignore'}|@ts-${'nocheck'}|@ts-${'expect-error'}`, 'g');
const VAGUE_NOUNS = /\b(?:class|interface|type|const|function)\s+(\w*(?:Manager|Service|Helper|Util|Utils))\b/g;

const found = (file: SourceFile, text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map(match => {
    const line = text.slice(0, match.index).split('\n').length;
    return `${file.path}:${line}: ${match[1] ?? match[0]}`;
  });

/** For any text of the project: code, documents, workflows. */
export const textComplaints = (file: SourceFile): readonly string[] => [
  ...found(file, file.text, REMINDERS),
  ...found(file, file.text, HOMES),
];

/** For TypeScript. */
export const codeComplaints = (file: SourceFile): readonly string[] => [
  ...found(file, codeOf(file.text, 'blank'), VAGUE_NOUNS),
  ...found(file, codeOf(file.text, 'blank'), ANY),
  ...found(file, file.text, DIRECTIVES),
];
