/**
 * The configuration file: what may stand in it, and what is wrong with it, each problem at its line. Pure: text and value in,
 * settings or one refusal out. Reading the file is for `config-file.ts`.
 */
import type { ConfigProblem, GateSettings, GatesConfig } from '../core/gates/config.ts';
import { gateSettings } from '../core/gates/config.ts';
import { isObject } from '../core/protocol/messages.ts';
import { lineOf } from './config-lines.ts';
import type { GivenSessions, SessionsConfig } from './config-sessions.ts';
import { givenSessions } from './config-sessions.ts';
import { Misuse } from './misuse.ts';

export interface FermataConfig {
  /** How long sessions last; options and variables win over it. */
  readonly sessions?: SessionsConfig;
  /** What stands before the server's tools. */
  readonly gates?: GatesConfig;
}

/** Types a configuration in its file: `export default defineConfig({ gates: { … } })`. */
export const defineConfig = (config: FermataConfig): FermataConfig => config;

export interface ConfigSettings {
  readonly sessions: GivenSessions;
  readonly gates: GateSettings;
}

export const NO_CONFIG: ConfigSettings = { sessions: {}, gates: { policies: [] } };

/** The settings in a value. Throws `setting_invalid` with every problem, at its place in the source. */
export function configSettings(value: unknown, file: string, source: string): ConfigSettings {
  if (!isObject(value)) throw new Misuse(`${file} holds no configuration: it must be an object, { gates: { … } }.`);
  const unknown: readonly ConfigProblem[] = Object.keys(value)
    .filter(name => name !== 'gates' && name !== 'sessions')
    .map(name => ({ path: [name], message: 'is not known here; known are gates and sessions' }));
  const placeOf = (path: ConfigProblem['path']): string => `${file}:${lineOf(source, path)}`;
  const sessions = givenSessions(value.sessions, placeOf);
  const { settings, problems } =
    value.gates === undefined ? { settings: NO_CONFIG.gates, problems: [] } : gateSettings(value.gates, ['gates']);
  const all = [...unknown, ...sessions.problems, ...problems];
  if (all.length === 0) return { sessions: sessions.given, gates: settings };
  const lines = all.map(({ path, message }) => `${placeOf(path)}: ${path.join('.')} ${message}`);
  throw new Misuse(`The configuration cannot be used:\n${lines.join('\n')}`);
}

/** The settings in JSON, from a file or a variable. */
export function configText(source: string, name: string): ConfigSettings {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (thrown) {
    throw new Misuse(`${name} is no JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
  return configSettings(value, name, source);
}
