/**
 * Where a value of a configuration stands in its source, JSON or a module: follows a path through the object literal. It need
 * not understand the language: strings and comments are skipped, brackets counted. Where the path leaves the literal (a
 * variable, a spread) the line of what was found last is given.
 */

type Path = readonly (string | number)[];

/** The line, from 1, of the value at a path. */
export function lineOf(source: string, path: Path): number {
  const text = blanked(source);
  const start = /\b(?:defineConfig\s*\(|export\s+default)/.exec(text);
  let at = text.indexOf('{', start === null ? 0 : start.index);
  let found = Math.max(at, 0);
  for (const step of path) {
    const next = at === -1 ? undefined : memberAt(text, source, at, step);
    if (next === undefined) break;
    found = next.name;
    at = next.value;
  }
  return source.slice(0, found).split('\n').length;
}

/** The source with what is in strings and comments blanked, quotes kept, every character in its place. */
function blanked(source: string): string {
  const pattern = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g;
  return source.replace(pattern, part =>
    part.startsWith('/') ? part.replace(/[^\n]/g, ' ') : `"${part.slice(1, -1).replace(/[^\n]/g, ' ')}"`,
  );
}

/** Where a member of the literal that opens at `open` begins, and where its value does (-1 if that is no literal). */
function memberAt(
  text: string,
  source: string,
  open: number,
  step: string | number,
): { readonly name: number; readonly value: number } | undefined {
  let index = 0;
  for (let at = open + 1; at < text.length; ) {
    const begin = at + text.slice(at).search(/\S/);
    const end = endOf(text, at);
    if (begin >= at && begin < end) {
      const colon = text.slice(begin, end).indexOf(':');
      const name = source
        .slice(begin, colon === -1 ? end : begin + colon)
        .trim()
        .replace(/^["'`]|["'`]$/g, '');
      if (typeof step === 'number' ? index === step : name === step) {
        const from = typeof step === 'number' ? begin : begin + colon + 1;
        const value = from + text.slice(from).search(/\S/);
        return { name: begin, value: /[{[]/.test(text[value] ?? '') ? value : -1 };
      }
      index += 1;
    }
    if (text[end] !== ',') return undefined;
    at = end + 1;
  }
  return undefined;
}

/** Where a member ends: at its comma, or at the bracket that closes what it is in. */
function endOf(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const sign = text[at] ?? '';
    if ('{[('.includes(sign)) depth += 1;
    else if ('}])'.includes(sign) && depth-- === 0) return at;
    else if (sign === ',' && depth === 0) return at;
  }
  return text.length;
}
