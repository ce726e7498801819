/**
 * Conditions on arguments, as text: `amount > 1000 && currency != "EUR"`. Read once, at the start, so that a mistake stops it
 * with its place; nothing of it is ever run as code.
 *
 * Paths (`order.items.length`), numbers, texts, `true false null`; `== != < <= > >=`, `contains`, `startsWith`, `! && ||` and
 * parentheses. An argument that is absent compares to nothing. One of another kind than what it is compared with cannot be
 * judged: `Undecidable` is thrown, and whoever asked takes the careful side.
 */
import { isObject } from '../protocol/messages.ts';
import type { Json } from './gate.ts';

export type Condition = (args: Json) => boolean;

export class Undecidable extends Error {}

/** What is wrong with an expression, and at which character, from 0. */
export class ExpressionError extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

interface Token {
  readonly text: string;
  readonly at: number;
}
type Operand = (args: Json) => unknown;

const TOKEN =
  /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(&&|\|\||==|!=|<=|>=|[<>!()])|(-?\d+(?:\.\d+)?)|([A-Za-z_$][\w$-]*(?:\.[\w$-]+)*))/y;
const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>=', 'contains', 'startsWith']);
const DEPTH_MAX = 50;

/** Reads an expression. Throws `ExpressionError`. */
export function condition(text: string): Condition {
  const reader = new Reader(text);
  const whole = reader.either(0);
  reader.end();
  return whole;
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #length: number;
  #next = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
    this.#length = text.length;
  }

  either(depth: number): Condition {
    const first = this.#both(depth);
    if (!this.#take('||')) return first;
    const rest = this.either(depth);
    return args => first(args) || rest(args);
  }

  end(): void {
    const token = this.#tokens[this.#next];
    if (token !== undefined) throw new ExpressionError(`"${token.text}" is not expected here`, token.at);
  }

  #both(depth: number): Condition {
    const first = this.#single(depth);
    if (!this.#take('&&')) return first;
    const rest = this.#both(depth);
    return args => first(args) && rest(args);
  }

  #single(depth: number): Condition {
    if (depth > DEPTH_MAX) throw new ExpressionError('it nests too deep', this.#tokens[this.#next]?.at ?? this.#length);
    if (this.#take('!')) {
      const negated = this.#single(depth + 1);
      return args => !negated(args);
    }
    if (this.#take('(')) {
      const inner = this.either(depth + 1);
      if (!this.#take(')')) throw new ExpressionError('a ")" is missing', this.#tokens[this.#next]?.at ?? this.#length);
      return inner;
    }
    return this.#comparison();
  }

  #comparison(): Condition {
    const left = this.#operand();
    const operator = this.#tokens[this.#next]?.text ?? '';
    if (!COMPARISONS.has(operator)) return args => truth(left(args));
    this.#next += 1;
    const right = this.#operand();
    return args => compare(operator, left(args), right(args));
  }

  #operand(): Operand {
    const token = this.#tokens[this.#next];
    if (token === undefined) throw new ExpressionError('it ends where a value is expected', this.#length);
    this.#next += 1;
    return operandOf(token);
  }

  #take(text: string): boolean {
    if (this.#tokens[this.#next]?.text !== text) return false;
    this.#next += 1;
    return true;
  }
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const end = text.trimEnd().length;
  while (at < end) {
    TOKEN.lastIndex = at;
    const [whole] = TOKEN.exec(text) ?? [];
    if (whole === undefined) {
      const wrong = at + text.slice(at).search(/\S/);
      throw new ExpressionError(`${JSON.stringify(text[wrong])} is not known here`, wrong);
    }
    const word = whole.trimStart();
    tokens.push({ text: word, at: at + whole.length - word.length });
    at += whole.length;
  }
  return tokens;
}

const CONSTANTS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };

function operandOf({ text, at }: Token): Operand {
  if (/^-?\d/.test(text)) return constant(Number(text));
  if (/^["']/.test(text)) return constant(text.slice(1, -1).replace(/\\(.)/g, '$1'));
  if (!/^[A-Za-z_$]/.test(text) || COMPARISONS.has(text))
    throw new ExpressionError(`a value is expected, and not "${text}"`, at);
  if (Object.hasOwn(CONSTANTS, text)) return constant(CONSTANTS[text]);
  const path = text.split('.');
  return args => path.reduce<unknown>(memberOf, args);
}

const constant =
  (value: unknown): Operand =>
  () =>
    value;

function memberOf(value: unknown, name: string): unknown {
  if (name === 'length' && (typeof value === 'string' || Array.isArray(value))) return value.length;
  if (Array.isArray(value)) return /^\d+$/.test(name) ? value[Number(name)] : undefined;
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function truth(value: unknown): boolean {
  if (value === undefined || value === null || typeof value === 'boolean') return value === true;
  throw new Undecidable('a value that is neither true nor false');
}

function compare(operator: string, left: unknown, right: unknown): boolean {
  if (operator === '!=') return !compare('==', left, right);
  if (left === undefined || right === undefined) return false;
  if (operator === 'contains') {
    if (Array.isArray(left)) return left.includes(right);
    if (typeof left === 'string' && typeof right === 'string') return left.includes(right);
    throw new Undecidable('"contains" needs a text or a list');
  }
  if (left === null || right === null) return operator === '==' && left === right;
  if (typeof left !== typeof right || typeof left === 'object')
    throw new Undecidable('two values of different kinds are compared');
  if (operator === '==') return left === right;
  if (typeof left === 'number' && typeof right === 'number') return ordered(operator, left, right);
  if (typeof left === 'string' && typeof right === 'string')
    return operator === 'startsWith' ? left.startsWith(right) : ordered(operator, left, right);
  throw new Undecidable(`"${operator}" needs two numbers or two texts`);
}

function ordered<T extends number | string>(operator: string, left: T, right: T): boolean {
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    default:
      throw new Undecidable('"startsWith" needs two texts');
  }
}
