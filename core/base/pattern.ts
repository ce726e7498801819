/** Names, and patterns of names in which `*` stands for anything. Used wherever an operator says whom or what something is for. */

/** Whether a name is one of these, or fits one with `*`. */
export function anyOf(patterns: readonly string[]): (name: string) => boolean {
  const exact = new Set(patterns.filter(pattern => !pattern.includes('*')));
  const loose = patterns.filter(pattern => pattern.includes('*')).map(expressionOf);
  return name => exact.has(name) || loose.some(pattern => pattern.test(name));
}

const expressionOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split(/\*+/)
      .map(part => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('.*')}$`,
    's',
  );
