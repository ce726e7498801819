/**
 * `npm run check:infra`: what can be known of a deployment without an AWS account.
 *
 * The types of the configuration against SST's own; then stages with different settings, made from the real configuration and the
 * real components of SST with AWS and Pulumi's engine replaced, and looked at resource by resource. The first run installs SST
 * into `.cache/` and `.sst/`. Prints a line per check and one that sums up; exits with 1 if anything is wrong.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Deployment } from './check-infra/deployment.ts';
import type { Expectation } from './check-infra/expectations.ts';
import { ALWAYS } from './check-infra/expectations.ts';
import { getPlatform } from './check-infra/platform.ts';
import type { Synthesis } from './check-infra/synthesis.ts';
import { synthesise } from './check-infra/synthesis.ts';
import type { CheckedVariant } from './check-infra/variants.ts';
import { VARIANTS } from './check-infra/variants.ts';

const ROOT = join(import.meta.dirname, '..');
const COMPLAINT_LINES_MAX = 12;
const COMPLAINT_CHARACTERS_MAX = 300;
const AT_ONCE = 2;

let passed = 0;
let failed = 0;

async function check(says: string, holds: () => unknown): Promise<boolean> {
  try {
    await holds();
    passed++;
    console.log(`  ✓ ${says}`);
    return true;
  } catch (thrown) {
    failed++;
    console.log(`  ✗ ${says}`);
    const complaint = thrown instanceof Error ? thrown.message : String(thrown);
    for (const line of complaint.split('\n').slice(0, COMPLAINT_LINES_MAX))
      console.log(`      ${line.slice(0, COMPLAINT_CHARACTERS_MAX)}`);
    return false;
  }
}

async function checkTypes(): Promise<void> {
  const package_ = createRequire(import.meta.url).resolve('typescript/package.json');
  const compiler = join(dirname(package_), 'bin/tsc');
  const child = spawn(process.execPath, [compiler, '-p', 'infra/tsconfig.json'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  for await (const chunk of child.stdout) said += chunk;
  const code = child.exitCode ?? (await new Promise(resolve => child.once('exit', resolve)));
  if (code !== 0) throw new Error(said.trim() || `The compiler ended with exit code ${code}.`);
}

async function checkVariant({ title, expected }: CheckedVariant, synthesis: Promise<Synthesis>): Promise<void> {
  console.log(`\n${title}`);
  let made: Synthesis | undefined;
  await check('it can be made', async () => {
    made = await synthesis;
  });
  if (made === undefined) {
    failed += expected.length + ALWAYS.length;
    return;
  }
  const deployment = new Deployment(made);
  for (const { says, holds } of [...ALWAYS, ...expected] satisfies readonly Expectation[]) {
    await check(says, () => holds(deployment));
  }
  const sizes = Object.entries(made.sizes).map(([name, bytes]) => `${name} ${Math.round(bytes / 1_000)} kB`);
  console.log(`    ${made.resources.length} resources; bundles: ${sizes.join(', ')}`);
}

/** All at once, but only so many at work: the machine may be small. Each is reported in its turn. */
function started<T>(jobs: readonly (() => Promise<T>)[]): readonly Promise<T>[] {
  const begun: Promise<T>[] = [];
  for (const [index, job] of jobs.entries()) {
    const before = begun[index - AT_ONCE];
    const run = before === undefined ? job() : before.then(job, job);
    run.catch(() => undefined);
    begun.push(run);
  }
  return begun;
}

await getPlatform(ROOT, line => console.log(line));
const startedAt = performance.now();
const syntheses = started(VARIANTS.map(variant => () => synthesise(variant)));
console.log('\nThe configuration');
await check("its types fit SST's", checkTypes);
for (const [index, variant] of VARIANTS.entries()) {
  const synthesis = syntheses[index];
  if (synthesis !== undefined) await checkVariant(variant, synthesis);
}
const seconds = Math.round((performance.now() - startedAt) / 1_000);
console.log(`\n${passed} checks passed, ${failed} failed, in ${seconds} s; no AWS account was asked.`);
process.exitCode = failed === 0 ? 0 : 1;
