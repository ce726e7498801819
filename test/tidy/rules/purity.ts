/**
 * Law 3 of the architecture: the layers below the ports name no clock, no chance and no I/O; they are arguments there.
 *
 * The compiler keeps most of it with `tsconfig.pure.json`; this keeps what the language itself brings along.
 */
import type { SourceFile } from './source.ts';
import { codeOf, importsOf } from './source.ts';

export const PURE_FOLDERS = ['core/base', 'core/protocol', 'core/bridge', 'core/session', 'core/journal'];

const IMPURE =
  /(?<![.\w])(?:Date\.now|new Date|Date\(|Math\.random|fetch|setTimeout|setInterval|setImmediate|queueMicrotask|process|console|performance|crypto|globalThis|Buffer)\b/g;

export function purityComplaints(file: SourceFile): readonly string[] {
  const names = [...codeOf(file.text, 'blank').matchAll(IMPURE)].map(match => match[0]);
  const builtIns = importsOf(file.text).flatMap(({ specifier }) => (specifier.startsWith('node:') ? [specifier] : []));
  return [...names, ...builtIns].map(name => `${file.path}: names ${name}`);
}
