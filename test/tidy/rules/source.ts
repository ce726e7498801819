/**
 * The project's files as text, and the little that the rules need to know of TypeScript's syntax.
 *
 * A scanner tells code from comments and strings, which is enough because Biome formats everything; no compiler is loaded.
 * Rules are functions from such files to complaints, so that each can be shown a bad file as well.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

export interface SourceFile {
  /** Path from the project's folder, with `/`. */
  readonly path: string;
  readonly text: string;
}

export const ROOT = join(import.meta.dirname, '../../..');

const SKIPPED = new Set(['node_modules', 'dist', 'coverage', 'results']);

/** All files under some folders of the project (or the files themselves) whose name ends so. Folders that do not exist have none. */
export function filesOf(places: readonly string[], ending: string): readonly SourceFile[] {
  return places.flatMap(place => (place.endsWith(ending) ? [place] : walk(join(ROOT, place), ending))).map(readSource);
}

const readSource = (path: string): SourceFile => ({ path, text: readFileSync(join(ROOT, path), 'utf8') });

function walk(folder: string, ending: string): string[] {
  return entriesOf(folder).flatMap(entry => {
    if (SKIPPED.has(entry.name) || entry.name.startsWith('.')) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return walk(path, ending);
    return entry.name.endsWith(ending) ? [relative(ROOT, path).split(sep).join('/')] : [];
  });
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** A regular expression starts where a value may start; elsewhere a slash divides. */
const BEFORE_REGEX = /(?:^|[=(,:[!&|?{};+\n]|=>|\breturn|\btypeof|\bcase)\s*$/;
const TOKEN =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`|\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g;

/** The text with comments blanked out, and with the contents of strings as well where asked. Lines stay where they are. */
export function codeOf(text: string, strings: 'keep' | 'blank'): string {
  const blank = (part: string) => part.replace(/[^\n]/g, ' ');
  let out = '';
  let last = 0;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const token = match[0];
    const before = out + text.slice(last, match.index);
    const isComment = token.startsWith('//') || token.startsWith('/*');
    if (token.startsWith('/') && !isComment && !BEFORE_REGEX.test(before.slice(-16))) {
      TOKEN.lastIndex = match.index + 1;
      continue;
    }
    out = before + (isComment || strings === 'blank' ? blank(token) : token);
    last = match.index + token.length;
  }
  return out + text.slice(last);
}

export interface Import {
  readonly specifier: string;
  /** Erased by the compiler: `import type … from`, `export type … from`. */
  readonly isTypeOnly: boolean;
}

const STATIC = /^\s*(?:import|export)\s+(type\s)?(?:[^;'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"`]([^'"`]+)['"`]/g;

/** What a file imports or re-exports, statically or dynamically. */
export function importsOf(text: string): readonly Import[] {
  const code = codeOf(text, 'keep');
  return [
    ...[...code.matchAll(STATIC)].map(match => ({ specifier: match[2] ?? '', isTypeOnly: match[1] !== undefined })),
    ...[...code.matchAll(DYNAMIC)].map(match => ({ specifier: match[1] ?? '', isTypeOnly: false })),
  ];
}
