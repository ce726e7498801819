/**
 * What the results of the conformance suite mean: which scenarios count, and when one has passed.
 *
 * Stricter than the suite's own exit code, which forgives warnings and cannot tell a scenario that checked nothing from one
 * that passed. Pure: it is given texts and values, and reads no file.
 */

/** One check of a scenario, as the suite writes it to `checks.json`. */
export interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  readonly errorMessage?: string;
}

export interface Verdict {
  readonly scenario: string;
  readonly passed: boolean;
  /** The suite left all of it out, whatever the server: it says nothing about us. */
  readonly skipped: boolean;
  readonly successes: number;
  readonly total: number;
  readonly complaints: readonly string[];
}

/** How many scenarios of a revision are scored: pinned, so that a set cannot shrink unseen. */
export const SCORED: Readonly<Record<string, number>> = { '2025-11-25': 30, '2026-07-28': 37 };

/** Scenarios that no set scores and that we pass all the same, with the checks that must be among their successes. */
export const EXTRA: Readonly<Record<string, readonly string[]>> = {
  'server-session-lifecycle': [
    'server-session-initialized-accepted',
    'server-session-delete-accepted',
    'server-session-terminated-returns-404',
  ],
  'server-sse-polling': ['server-sse-priming-event', 'server-sse-retry-field', 'server-sse-disconnect-resume'],
};

/** What `--extended` adds: the server scenarios that a revision's set runs and does not score. Pinned like those that are scored. */
export const EXTENDED: Readonly<Record<string, number>> = { '2025-11-25': 3, '2026-07-28': 13 };

/**
 * The client scenarios that concern an upstream, by revision: Fermata is the client there. Those of a set that are not named
 * here (`auth/*`) are about a client that signs a person in, which Fermata does not do towards its upstream.
 */
export const CLIENT: Readonly<Record<string, readonly string[]>> = {
  '2025-11-25': [
    'initialize',
    'tools_call',
    'elicitation-sep1034-client-defaults',
    'sse-retry',
    'json-schema-2020-12-preservation',
  ],
  '2026-07-28': [
    'tools_call',
    'request-metadata',
    'sep-2322-client-request-state',
    'http-standard-headers',
    'http-custom-headers',
    'http-invalid-tool-headers',
    'json-schema-ref-no-deref',
    'json-schema-2020-12-preservation',
  ],
};

/** The check that every scenario gets, whatever happened in it: alone it says nothing. */
const WIRE = 'wire-schema-valid';

/** The scored server scenarios of a requirements file: the items of its top-level key `server`. */
export function scoredScenarios(yaml: string): readonly string[] {
  const section = /^server:\n((?: {2}- .*\n|\s*#.*\n|\n)+)/m.exec(yaml)?.[1] ?? '';
  return [...section.matchAll(/^ {2}- (\S+)$/gm)].flatMap(match => match[1] ?? []);
}

/** The server scenarios that a requirements file runs and does not score. */
export function unscoredScenarios(yaml: string): readonly string[] {
  const entries = [...yaml.matchAll(/^ {2}- scenario: (\S+)\n {4}leg: (\S+)$/gm)];
  return entries.flatMap(([, scenario, leg]) => (leg === 'server' && scenario !== undefined ? [scenario] : []));
}

/** A scenario has passed when nothing in it failed or was warned of, something was checked, and all of `required` held. */
export function judge(scenario: string, checks: readonly Check[], required: readonly string[] = []): Verdict {
  const bad = checks.filter(check => check.status === 'FAILURE' || check.status === 'WARNING');
  const good = checks.filter(check => check.status === 'SUCCESS');
  const missing = required.filter(id => !good.some(check => check.id === id) && !bad.some(check => check.id === id));
  const isVacuous = good.every(check => check.id === WIRE);
  const said = checks.filter(check => check.id !== WIRE);
  return {
    scenario,
    skipped: said.length > 0 && said.every(check => check.status === 'SKIPPED'),
    passed: bad.length === 0 && missing.length === 0 && !isVacuous,
    successes: good.length,
    total: good.length + bad.length + missing.length,
    complaints: [
      ...bad.map(check => `${check.id}: ${check.status.toLowerCase()}: ${check.errorMessage ?? 'no message'}`),
      ...missing.map(id => `${id}: was not checked`),
      ...(isVacuous ? ['nothing was checked'] : []),
    ],
  };
}
