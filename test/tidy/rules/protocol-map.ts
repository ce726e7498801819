/**
 * What the protocol map promises: a row for each method of the official schemas, and links to symbols that exist.
 *
 * Pure: the schemas' methods and the files' texts are arguments.
 */
import { posix } from 'node:path';
import type { SourceFile } from './source.ts';

/** The methods and notifications that stand in the first cell of some row. */
export const rowsOf = ({ text }: SourceFile): ReadonlySet<string> =>
  new Set(
    text
      .split('\n')
      .filter(line => line.startsWith('| `'))
      .flatMap(line => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, method]) => method ?? '')),
  );

const SYMBOL = /\[(\w+)\]\(([^)\s#]+\.ts)\)/g;

/** Links of the form `[symbol](file.ts)` whose file does not declare that symbol. */
export function symbolComplaints(file: SourceFile, read: (path: string) => string | undefined): readonly string[] {
  return [...file.text.matchAll(SYMBOL)].flatMap(([, symbol = '', place = '']) => {
    const path = posix.normalize(posix.join(posix.dirname(file.path), place));
    const declared = new RegExp(`^(?:export )?(?:async )?(?:function\\*?|const|class) ${symbol}\\b`, 'm');
    return declared.test(read(path) ?? '') ? [] : [`${path} declares no ${symbol}`];
  });
}
