/**
 * `npm run conformance`: the official suite, both requirement sets and two scenarios that no set scores, against the product.
 *
 * Prints a row per scenario as it comes, and a last line per set (`2025-11-25: 30/30`). The exit code is 0 only if everything
 * passed. With `--url` it tests a server that is already running instead of starting the product with the fixture.
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Check, Verdict } from './conformance/judge.ts';
import { EXTRA, judge, SCORED, scoredScenarios } from './conformance/judge.ts';
import type { Suite } from './conformance/suite.ts';
import { getSuite, runSet } from './conformance/suite.ts';
import { startProduct } from './product.ts';

const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, '.cache/conformance-results');
const COMPLAINT_CHARACTERS_MAX = 300;
/** The polling scenario wants to see a connection end before its call does. */
const HOLD = '1s';
const say = (line: string): void => console.log(line);
const paint = (code: number, text: string): string => (process.stdout.isTTY ? `\u001B[${code}m${text}\u001B[0m` : text);
const PASSED = paint(32, '✓');
const FAILED = paint(31, '✗');

function sayVerdict({ scenario, passed, successes, total, complaints }: Verdict, isScored: boolean): void {
  const mark = passed ? PASSED : isScored ? FAILED : '·';
  say(`  ${mark} ${scenario.padEnd(48)} ${`${successes}/${total}`.padStart(7)}${isScored ? '' : '   not scored'}`);
  if (isScored) for (const complaint of complaints) say(`      ${complaint.slice(0, COMPLAINT_CHARACTERS_MAX)}`);
}

/** Runs one set; gives the verdict on every scenario that ran. */
async function runRevision(suite: Suite, url: string, revision: string, scored: ReadonlySet<string>) {
  const verdicts = new Map<string, Verdict>();
  for await (const { scenario, folder } of runSet(suite, url, revision, join(OUT, revision))) {
    const checks = JSON.parse(await readFile(join(folder, 'checks.json'), 'utf8')) as Check[];
    const verdict = judge(scenario, checks, EXTRA[scenario]);
    verdicts.set(scenario, verdict);
    sayVerdict(verdict, scored.has(scenario) || scenario in EXTRA);
  }
  return verdicts;
}

/** How many of the wanted scenarios passed; those that never ran are said and count as failed. */
function countPassed(wanted: readonly string[], verdicts: ReadonlyMap<string, Verdict>): number {
  for (const scenario of wanted) if (!verdicts.has(scenario)) say(`  ${FAILED} ${scenario} did not run`);
  return wanted.filter(scenario => verdicts.get(scenario)?.passed).length;
}

async function runAll(suite: Suite, url: string): Promise<boolean> {
  const lines: string[] = [];
  const extra = new Map<string, Verdict>();
  let isPerfect = true;
  const score = (name: string, passed: number, total: number) => {
    isPerfect &&= passed === total;
    lines.push(`${name}: ${passed}/${total}`);
  };
  for (const [revision, total] of Object.entries(SCORED)) {
    say(`\n${revision} against ${url}`);
    const wanted = scoredScenarios(await readFile(join(suite.requirements, `${revision}.yaml`), 'utf8'));
    if (wanted.length !== total)
      throw new Error(`The suite scores ${wanted.length} scenarios of ${revision}, not ${total}.`);
    const verdicts = await runRevision(suite, url, revision, new Set(wanted));
    score(revision, countPassed(wanted, verdicts), total);
    for (const scenario of Object.keys(EXTRA)) {
      const verdict = verdicts.get(scenario);
      if (verdict) extra.set(scenario, verdict);
    }
  }
  score('extra', countPassed(Object.keys(EXTRA), extra), Object.keys(EXTRA).length);
  say(`\n${lines.join('\n')}`);
  return isPerfect;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { url: { type: 'string' } } });
  await rm(OUT, { recursive: true, force: true });
  await mkdir(OUT, { recursive: true });
  const suite = await getSuite(ROOT, say);
  if (values.url !== undefined) return (await runAll(suite, values.url)) ? 0 : 1;
  const fixture = join(ROOT, 'test/conformance/fixture.ts');
  const product = await startProduct({
    node: ['--import', 'tsx', 'bin/fermata.ts'],
    cwd: ROOT,
    serve: ['--program', fixture, '--hold', HOLD],
  });
  try {
    return (await runAll(suite, product.url)) ? 0 : 1;
  } finally {
    await product.stop();
  }
}

process.exitCode = await main().catch(error => {
  say(error instanceof Error ? error.message : String(error));
  return 1;
});
