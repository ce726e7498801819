/**
 * `npm run conformance`: the official suite, both requirement sets and two scenarios that no set scores, against the product.
 * With `--extended` every other scenario of those sets counts too (tasks, headers, schemas), and so do the client scenarios
 * that concern an upstream, with Fermata as their client.
 *
 * Prints a row per scenario as it comes, and a last line per set (`2025-11-25: 30/30`). The exit code is 0 only if everything
 * passed. With `--url` it tests a server that is already running instead of starting the product with the fixture.
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Check, Verdict } from './conformance/judge.ts';
import { CLIENT, EXTENDED, EXTRA, judge, SCORED, scoredScenarios, unscoredScenarios } from './conformance/judge.ts';
import type { Suite } from './conformance/suite.ts';
import { getSuite, runClient, runSet } from './conformance/suite.ts';
import { startProduct } from './product.ts';

const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, '.cache/conformance-results');
const COMPLAINT_CHARACTERS_MAX = 300;
const say = (line: string): void => console.log(line);
const paint = (code: number, text: string): string => (process.stdout.isTTY ? `\u001B[${code}m${text}\u001B[0m` : text);
const PASSED = paint(32, '✓');
const FAILED = paint(31, '✗');

function sayVerdict({ scenario, passed, skipped, successes, total, complaints }: Verdict, counts: boolean): void {
  const mark = passed ? PASSED : counts && !skipped ? FAILED : '·';
  const note = skipped ? '   left out by the suite itself' : counts ? '' : '   not scored';
  say(`  ${mark} ${scenario.padEnd(48)} ${`${successes}/${total}`.padStart(7)}${note}`);
  if (counts && !skipped)
    for (const complaint of complaints) say(`      ${complaint.slice(0, COMPLAINT_CHARACTERS_MAX)}`);
}

type Verdicts = Map<string, Verdict>;

const verdictOn = async (scenario: string, folder: string): Promise<Verdict> =>
  judge(scenario, JSON.parse(await readFile(join(folder, 'checks.json'), 'utf8')) as Check[], EXTRA[scenario]);

/** Runs one set; gives the verdict on every scenario that ran. `counts` says which of them must pass. */
async function runRevision(suite: Suite, url: string, revision: string, counts: ReadonlySet<string>) {
  const verdicts: Verdicts = new Map();
  for await (const { scenario, folder } of runSet(suite, url, revision, join(OUT, revision))) {
    const verdict = await verdictOn(scenario, folder);
    verdicts.set(scenario, verdict);
    sayVerdict(verdict, counts.has(scenario));
  }
  return verdicts;
}

/** Runs the client scenarios of a revision, each with a fresh Fermata between the scenario's server and an SDK client. */
async function runClients(suite: Suite, revision: string, scenarios: readonly string[]) {
  const command = [process.execPath, '--import', 'tsx', join(ROOT, 'scripts/conformance/client.ts')].join(' ');
  const verdicts: Verdicts = new Map();
  for (const scenario of scenarios) {
    const folder = await runClient(suite, command, scenario, revision, join(OUT, `client-${revision}`));
    if (folder === undefined) continue;
    const verdict = await verdictOn(scenario, folder);
    verdicts.set(scenario, verdict);
    sayVerdict(verdict, true);
  }
  return verdicts;
}

/** What each set came to, for the last lines. */
class Score {
  readonly #lines: string[] = [];
  isPerfect = true;

  /** Counts the wanted scenarios that passed; those that never ran are said and count as failed. */
  add(name: string, wanted: readonly string[], verdicts: Verdicts): void {
    for (const scenario of wanted) if (!verdicts.has(scenario)) say(`  ${FAILED} ${scenario} did not run`);
    const counted = wanted.filter(scenario => verdicts.get(scenario)?.skipped !== true);
    const passed = counted.filter(scenario => verdicts.get(scenario)?.passed).length;
    this.isPerfect &&= passed === counted.length;
    const leftOut = wanted.length - counted.length;
    this.#lines.push(
      `${name}: ${passed}/${counted.length}${leftOut === 0 ? '' : ` (${leftOut} left out by the suite)`}`,
    );
  }

  say(): void {
    say(`\n${this.#lines.join('\n')}`);
  }
}

function pinned(what: string, revision: string, scenarios: readonly string[], total: number | undefined) {
  if (scenarios.length === total) return scenarios;
  throw new Error(`The suite ${what} ${scenarios.length} scenarios of ${revision}, not ${total}.`);
}

async function runAll(suite: Suite, url: string, isExtended: boolean): Promise<boolean> {
  const score = new Score();
  const extra: Verdicts = new Map();
  for (const [revision, total] of Object.entries(SCORED)) {
    say(`\n${revision} against ${url}`);
    const yaml = await readFile(join(suite.requirements, `${revision}.yaml`), 'utf8');
    const scored = pinned('scores', revision, scoredScenarios(yaml), total);
    const unscored = pinned('does not score', revision, unscoredScenarios(yaml), EXTENDED[revision]);
    const counts = [...scored, ...Object.keys(EXTRA), ...(isExtended ? unscored : [])];
    const verdicts = await runRevision(suite, url, revision, new Set(counts));
    score.add(revision, scored, verdicts);
    if (isExtended) score.add(`${revision} extended`, unscored, verdicts);
    for (const [scenario, verdict] of verdicts) if (scenario in EXTRA) extra.set(scenario, verdict);
  }
  if (!isExtended) score.add('extra', Object.keys(EXTRA), extra);
  for (const [revision, scenarios] of isExtended ? Object.entries(CLIENT) : []) {
    say(`\n${revision}, Fermata as the client`);
    score.add(`${revision} client`, scenarios, await runClients(suite, revision, scenarios));
  }
  score.say();
  return score.isPerfect;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { url: { type: 'string' }, extended: { type: 'boolean', default: false } } });
  await rm(OUT, { recursive: true, force: true });
  await mkdir(OUT, { recursive: true });
  const suite = await getSuite(ROOT, say);
  if (values.url !== undefined) return (await runAll(suite, values.url, values.extended)) ? 0 : 1;
  const fixture = join(ROOT, 'test/conformance/fixture.ts');
  const product = await startProduct({
    node: ['--import', 'tsx', 'bin/fermata.ts'],
    cwd: ROOT,
    serve: ['--program', fixture],
  });
  try {
    return (await runAll(suite, product.url, values.extended)) ? 0 : 1;
  } finally {
    await product.stop();
  }
}

process.exitCode = await main().catch(error => {
  say(error instanceof Error ? error.message : String(error));
  return 1;
});
