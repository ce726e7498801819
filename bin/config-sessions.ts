/**
 * What a configuration says of sessions: the same settings as options and variables give, and the last to be asked, after both;
 * limits; and classes of principals whose sessions are kept otherwise. Each value keeps its place, so that a wrong one is
 * refused at its line by whoever judges it. Pure.
 */
import type { ConfigProblem } from '../core/gates/config.ts';
import { isObject } from '../core/protocol/messages.ts';
import type { SessionClass, SessionLimits } from '../core/session/policy.ts';
import { SESSION_LIMITS } from '../core/session/policy.ts';
import type { Given } from './given.ts';
import type { SessionOption } from './session-settings.ts';

/** How long sessions last, and what they may have. Times are texts such as `15m`, or seconds, as AgentCore counts them. */
export interface SessionPolicyConfig {
  /** Idle time after which a session sleeps or ends. */
  readonly idleTimeout?: string | number;
  /** The same, as AgentCore names it. */
  readonly idleRuntimeSessionTimeout?: string | number;
  /** When a session ends whatever happens. */
  readonly maxLifetime?: string | number;
  readonly idleAction?: 'sleep' | 'end';
  readonly limits?: Partial<SessionLimits>;
}

export interface SessionsConfig extends SessionPolicyConfig {
  readonly retryLost?: 'never' | 'idempotent' | 'always';
  /** `25s`: how long a connection is held. */
  readonly hold?: string | number;
  /** Principals whose sessions are kept otherwise. The first that one belongs to counts; what it leaves out is as for everybody. */
  readonly classes?: readonly SessionClassConfig[];
}

export interface SessionClassConfig extends SessionPolicyConfig {
  /** Unique. */
  readonly name: string;
  /** Ids of principals, or patterns with `*`. */
  readonly principals?: readonly string[];
  /** Scopes, all of which its credential must grant. */
  readonly scopes?: readonly string[];
}

export type GivenLimits = Readonly<Partial<Record<keyof SessionLimits, Given>>>;

export type GivenPolicy = Readonly<Partial<Record<SessionOption, Given>>> & { readonly limits?: GivenLimits };

export type GivenClass = Omit<SessionClass, 'policy'> & { readonly policy: GivenPolicy };

export type GivenSessions = GivenPolicy & { readonly classes?: readonly GivenClass[] };

const POLICY: Readonly<Record<string, SessionOption>> = {
  idleTimeout: 'idle-timeout',
  idleRuntimeSessionTimeout: 'idle-timeout',
  maxLifetime: 'max-lifetime',
  idleAction: 'idle-action',
};
const EVERYBODY: Readonly<Record<string, SessionOption>> = { ...POLICY, retryLost: 'retry-lost', hold: 'hold' };

type Path = ConfigProblem['path'];

/** `placeOf` says where a value stands, for people. */
export function givenSessions(
  value: unknown,
  placeOf: (path: Path) => string,
): { readonly given: GivenSessions; readonly problems: readonly ConfigProblem[] } {
  const reader = new Reader(placeOf);
  const given = value === undefined ? {} : reader.sessions(value, ['sessions']);
  return { given, problems: reader.problems };
}

class Reader {
  readonly problems: ConfigProblem[] = [];
  readonly #placeOf: (path: Path) => string;

  constructor(placeOf: (path: Path) => string) {
    this.#placeOf = placeOf;
  }

  sessions(value: unknown, at: Path): GivenSessions {
    if (!isObject(value)) return this.#say(at, 'must be an object', {});
    const { classes, ...rest } = value;
    const given = this.#policy(rest, at, EVERYBODY, ['classes']);
    return classes === undefined ? given : { ...given, classes: this.#classes(classes, [...at, 'classes']) };
  }

  #policy(
    { limits, ...value }: Record<string, unknown>,
    at: Path,
    options: Readonly<Record<string, SessionOption>>,
    others: readonly string[],
  ): GivenPolicy {
    const given: Partial<Record<SessionOption, Given>> = {};
    for (const [name, text] of Object.entries(value)) {
      const option = Object.hasOwn(options, name) ? options[name] : undefined;
      const path = [...at, name];
      const all = [...Object.keys(options), 'limits', ...others].join(', ');
      if (option === undefined) this.#say(path, `is not known here; known are ${all}`, undefined);
      else if (given[option] !== undefined) this.#say(path, 'says what another setting here says too', undefined);
      else given[option] = this.#given(text, path);
    }
    return limits === undefined ? given : { ...given, limits: this.#limits(limits, [...at, 'limits']) };
  }

  #given(value: unknown, path: Path): Given {
    const isSimple = typeof value === 'string' || typeof value === 'number';
    if (!isSimple) this.#say(path, 'must be a text or a number', undefined);
    return { text: isSimple ? String(value) : '', from: `${this.#placeOf(path)}: ${path.join('.')}` };
  }

  #limits(value: unknown, at: Path): GivenLimits {
    if (!isObject(value)) return this.#say(at, 'must be an object', {});
    const known = Object.keys(SESSION_LIMITS);
    for (const name of Object.keys(value))
      if (!known.includes(name))
        this.#say([...at, name], `is not known here; known are ${known.join(', ')}`, undefined);
    return Object.fromEntries(Object.entries(value).map(([name, limit]) => [name, this.#given(limit, [...at, name])]));
  }

  #classes(value: unknown, at: Path): readonly GivenClass[] {
    if (!Array.isArray(value)) return this.#say(at, 'must be a list of classes', []);
    const classes = value.map((one, i) => this.#class(one, [...at, i]));
    const names = classes.map(({ name }) => name);
    for (const [i, name] of names.entries())
      if (names.indexOf(name) !== i)
        this.#say([...at, i, 'name'], `is "${name}", as of another class; names must differ`, undefined);
    return classes;
  }

  #class(value: unknown, at: Path): GivenClass {
    if (!isObject(value)) return this.#say(at, 'must be an object', { name: '', policy: {} });
    const { name, principals, scopes, ...policy } = value;
    if (typeof name !== 'string' || name === '')
      this.#say([...at, 'name'], 'must be a text that names the class', undefined);
    if (principals === undefined && scopes === undefined)
      this.#say(at, 'must say for whom it is: it needs "principals" or "scopes"', undefined);
    const ids = this.#texts(principals, [...at, 'principals']);
    const granted = this.#texts(scopes, [...at, 'scopes']);
    return {
      name: String(name),
      ...(ids && { principals: ids }),
      ...(granted && { scopes: granted }),
      policy: this.#policy(policy, at, POLICY, ['name', 'principals', 'scopes']),
    };
  }

  #texts(value: unknown, path: Path): readonly string[] | undefined {
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.length > 0 && value.every(text => typeof text === 'string' && text !== ''))
      return value;
    return this.#say(path, 'must be a list of texts, with one at least', undefined);
  }

  #say<T>(path: Path, message: string, instead: T): T {
    this.problems.push({ path, message });
    return instead;
  }
}
