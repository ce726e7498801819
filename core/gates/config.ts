/**
 * The gates as a configuration says them: what may be written, and everything that is wrong with what was. Problems carry the
 * path of the value, so that whoever has the file can point at the line. It reads no files.
 */
import { parseDuration } from '../base/duration.ts';
import { LIMITS } from '../base/limits.ts';
import { schemaJudge } from '../journal/schema.ts';
import { isObject } from '../protocol/messages.ts';
import type { ApprovalPolicy } from './approval.ts';
import type { ArgumentsOptions } from './arguments.ts';
import { condition, ExpressionError } from './expression.ts';

/** As it is written. */
export interface GatesConfig {
  /** The policies of the approval gate; the first that names a call asks. */
  readonly approval?: readonly ApprovalConfig[];
  /** Tools for whose missing arguments a person is asked; before the approval, which then shows all of them. */
  readonly arguments?: ArgumentsOptions;
  /** Reports progress for silent upstreams: `10s`. */
  readonly keepAlive?: string;
  /** How long a question may wait for its answer: `1h`; 14 days unless given. */
  readonly wait?: string;
  /** Where people reach this server, for links to approvals: `https://mcp.example.com`. */
  readonly url?: string;
  /** Is told of every call that waits for an approval. Its secret is in `FERMATA_WEBHOOK_SECRET`. */
  readonly webhook?: WebhookConfig;
  /** How long it is kept what was decided: `90d`; 30 days unless given. `false` keeps nothing. */
  readonly audit?: string | false;
}

export interface WebhookConfig {
  /** `https:`; or `http:` as well where it may be on a private network. */
  readonly url: string;
  /** Whether it may lead to an address of a private network or this machine. */
  readonly private?: boolean;
}

export interface ApprovalConfig extends Omit<ApprovalPolicy, 'sessionMs'> {
  /** How long *for this session* holds: `8h`; `false` does not offer it. */
  readonly session?: string | false;
}

/** As it is used. */
export interface GateSettings {
  readonly policies: readonly ApprovalPolicy[];
  readonly arguments?: ArgumentsOptions;
  readonly keepAliveMs?: number;
  readonly waitMs?: number;
  readonly url?: string;
  readonly webhook?: WebhookConfig;
  /** 0: nothing is kept. */
  readonly auditMs?: number;
}

export interface ConfigProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Path = ConfigProblem['path'];
type Say = (path: Path, message: string) => void;

/** The settings, and what is wrong with them: with any problem, they are not to be used. */
export function gateSettings(
  value: unknown,
  at: Path,
): { readonly settings: GateSettings; readonly problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const say: Say = (path, message) => problems.push({ path, message });
  if (!isObject(value)) return { settings: { policies: [] }, problems: [{ path: at, message: 'must be an object' }] };
  known(value, ['approval', 'arguments', 'keepAlive', 'wait', 'url', 'webhook', 'audit'], at, say);
  const policies = policiesIn(value.approval, [...at, 'approval'], say);
  const form = argumentsIn(value.arguments, [...at, 'arguments'], say);
  const keepAliveMs = durationIn(value.keepAlive, [...at, 'keepAlive'], LIMITS.keepAliveMsMin, say);
  const waitMs = durationIn(value.wait, [...at, 'wait'], LIMITS.keepAliveMsMin, say);
  const url = urlIn(value.url, ['http:', 'https:'], [...at, 'url'], say)?.replace(/\/+$/, '');
  const webhook = webhookIn(value.webhook, [...at, 'webhook'], say);
  const auditAt = [...at, 'audit'];
  const auditMs = value.audit === false ? 0 : durationIn(value.audit, auditAt, 1, say, LIMITS.auditKeepMsMax);
  const settings: GateSettings = {
    policies,
    ...(form === undefined ? {} : { arguments: form }),
    ...(keepAliveMs === undefined ? {} : { keepAliveMs }),
    ...(waitMs === undefined ? {} : { waitMs }),
    ...(url === undefined ? {} : { url }),
    ...(webhook === undefined ? {} : { webhook }),
    ...(auditMs === undefined ? {} : { auditMs }),
  };
  return { settings, problems };
}

function known(value: Record<string, unknown>, names: readonly string[], at: Path, say: Say): void {
  for (const name of Object.keys(value))
    if (!names.includes(name)) say([...at, name], `is not known here; known are ${names.join(', ')}`);
}

function policiesIn(value: unknown, at: Path, say: Say): readonly ApprovalPolicy[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    say(at, 'must be a list of policies');
    return [];
  }
  const policies = value.map((policy, i) => policyIn(policy, [...at, i], say));
  const names = policies.map(policy => policy.name);
  for (const [i, name] of names.entries())
    if (names.indexOf(name) !== i) say([...at, i, 'name'], `is "${name}", as of another policy; names must differ`);
  return policies;
}

const POLICY_KEYS = [
  'name',
  'tools',
  'annotations',
  'when',
  'schema',
  'principals',
  'scopes',
  'approvers',
  'mask',
  'session',
  'withoutElicitation',
];

function policyIn(value: unknown, at: Path, say: Say): ApprovalPolicy {
  if (!isObject(value)) {
    say(at, 'must be an object');
    return { name: '' };
  }
  known(value, POLICY_KEYS, at, say);
  const { name, session } = value;
  if (typeof name !== 'string' || name === '') say([...at, 'name'], 'must be a text that names the policy');
  const annotations = oneOf(value.annotations, ['destructive', 'writing'] as const, [...at, 'annotations'], say);
  const without = oneOf(
    value.withoutElicitation,
    ['refuse', 'allow', 'page'] as const,
    [...at, 'withoutElicitation'],
    say,
  );
  const sessionMs = session === false ? 0 : durationIn(session, [...at, 'session'], 1, say);
  const when = whenIn(value.when, [...at, 'when'], say);
  const schema = schemaIn(value.schema, [...at, 'schema'], say);
  const tools = textsIn(value.tools, [...at, 'tools'], say);
  const principals = textsIn(value.principals, [...at, 'principals'], say);
  const scopes = textsIn(value.scopes, [...at, 'scopes'], say);
  const approvers = textsIn(value.approvers, [...at, 'approvers'], say);
  const mask = textsIn(value.mask, [...at, 'mask'], say);
  return {
    name: String(name),
    ...(tools && { tools }),
    ...(principals && { principals }),
    ...(scopes && { scopes }),
    ...(approvers && { approvers }),
    ...(mask && { mask }),
    ...(annotations && { annotations }),
    ...(without && { withoutElicitation: without }),
    ...(sessionMs === undefined ? {} : { sessionMs }),
    ...(when === undefined ? {} : { when }),
    ...(schema && { schema }),
  };
}

function argumentsIn(value: unknown, at: Path, say: Say): ArgumentsOptions | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value)) {
    say(at, "must be an object: { tools: ['*'] }");
    return undefined;
  }
  known(value, ['tools', 'except'], at, say);
  if (value.tools === undefined) say(at, 'needs "tools": the names or patterns of the tools it is for');
  const tools = textsIn(value.tools, [...at, 'tools'], say) ?? [];
  const except = textsIn(value.except, [...at, 'except'], say);
  return { tools, ...(except && { except }) };
}

function urlIn(value: unknown, protocols: readonly string[], at: Path, say: Say): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && URL.canParse(value) && protocols.includes(new URL(value).protocol)) return value;
  say(at, `must be a URL that begins with ${protocols.map(protocol => `${protocol}//`).join(' or ')}`);
  return undefined;
}

function webhookIn(value: unknown, at: Path, say: Say): WebhookConfig | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value)) {
    say(at, "must be an object: { url: 'https://…' }");
    return undefined;
  }
  known(value, ['url', 'private'], at, say);
  if (value.private !== undefined && typeof value.private !== 'boolean')
    say([...at, 'private'], 'must be true or false');
  if (value.url === undefined) say(at, 'needs "url"');
  const url = urlIn(value.url, value.private === true ? ['http:', 'https:'] : ['https:'], [...at, 'url'], say);
  return url === undefined ? undefined : { url, ...(value.private === true ? { private: true } : {}) };
}

function textsIn(value: unknown, at: Path, say: Say): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.length > 0 && value.every(text => typeof text === 'string' && text !== ''))
    return value;
  say(at, 'must be a list of texts, with one at least');
  return undefined;
}

function oneOf<T extends string>(value: unknown, choices: readonly T[], at: Path, say: Say): T | undefined {
  const chosen = choices.find(choice => choice === value);
  if (chosen === undefined && value !== undefined) say(at, `must be one of ${choices.join(', ')}`);
  return chosen;
}

function durationIn(
  value: unknown,
  at: Path,
  fromMs: number,
  say: Say,
  toMs: number = LIMITS.lifetimeMsMax,
): number | undefined {
  if (value === undefined) return undefined;
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  if (ms !== undefined && ms >= fromMs && ms <= toMs) return ms;
  say(at, `must be a duration such as "8h", from ${fromMs} ms to ${toMs} ms`);
  return undefined;
}

function whenIn(value: unknown, at: Path, say: Say): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') {
    say(at, 'must be a text: "amount > 1000"');
    return undefined;
  }
  try {
    condition(value);
    return value;
  } catch (thrown) {
    if (!(thrown instanceof ExpressionError)) throw thrown;
    say(at, `is no condition: ${thrown.message}, at character ${thrown.at + 1} of "${value}"`);
    return undefined;
  }
}

function schemaIn(value: unknown, at: Path, say: Say): Record<string, unknown> | undefined {
  if (value === undefined) return undefined;
  try {
    if (!isObject(value)) throw new Error('it is no object');
    schemaJudge(value)({});
    return value;
  } catch (thrown) {
    say(at, `is no JSON Schema that can be used: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    return undefined;
  }
}
