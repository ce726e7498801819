/**
 * What a stage would be: the real configuration and the real components of SST, run without an account, every resource noted.
 *
 * Pulumi keeps its state in globals, so that a process can do this once; `synthesise` starts one for each. This file is also what
 * such a process runs.
 */
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../../infra/plan.ts';
import { runConfig } from './bundler.ts';
import { startCommand } from './command.ts';
import type { Resource } from './mocks.ts';
import { mocksInto, SECRETS } from './mocks.ts';
import { openPlatform } from './platform.ts';

export interface Variant {
  readonly name: string;
  readonly stage: string;
  /** Without, the settings are those of `infra/settings.ts`. */
  readonly settings?: Settings;
}

export interface Synthesis {
  /** Of the app, as SST reads it. */
  readonly app: Readonly<Record<string, unknown>>;
  readonly resources: readonly Resource[];
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Bytes of each function's bundle. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Where the bundles are: a folder for each function. */
  readonly bundles: string;
}

const ROOT = join(import.meta.dirname, '../..');
const ENTRY = fileURLToPath(import.meta.url);

const folderOf = ({ name }: Variant): string => join(ROOT, '.cache/infra-synthesis', name);

export async function synthesise(variant: Variant): Promise<Synthesis> {
  const folder = folderOf(variant);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await run(variant);
  return JSON.parse(await readFile(join(folder, 'synthesis.json'), 'utf8'));
}

function run(variant: Variant): Promise<void> {
  const secrets = Object.entries(SECRETS).map(([name, value]) => [`SST_SECRET_${name}`, value]);
  const child = spawn(process.execPath, ['--no-warnings', '--import', 'tsx', ENTRY, JSON.stringify(variant)], {
    cwd: ROOT,
    env: { ...process.env, ...Object.fromEntries(secrets), SST_STAGE: variant.stage },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', code => (code === 0 ? resolve() : reject(new Error(complaint.trim() || `exit code ${code}`))));
  });
}

/** The part of Pulumi's SDK that is used here. */
interface Pulumi {
  readonly runtime: {
    setMocks(mocks: ReturnType<typeof mocksInto>, project: string, stack: string, preview: boolean): unknown;
    runInPulumiStack(program: () => unknown): Promise<unknown>;
    disconnect(): Promise<void>;
  };
}

async function main(variant: Variant): Promise<void> {
  const platform = await openPlatform(ROOT);
  const work = folderOf(variant);
  const command = await startCommand(ROOT, work);
  process.env.SST_SERVER = command.url;
  const pulumi: Pulumi = platform.require('@pulumi/pulumi');
  const resources: Resource[] = [];
  pulumi.runtime.setMocks(mocksInto(resources), 'fermata', variant.stage, false);
  const instead =
    variant.settings === undefined
      ? {}
      : { 'infra/settings.ts': `export const settings = ${JSON.stringify(variant.settings)};` };
  const app = await appOf(variant, platform, instead);
  const config = JSON.stringify(join(ROOT, 'sst.config.ts'));
  const program = await runConfig({
    root: ROOT,
    platform,
    instead,
    code: `import { run } from ${JSON.stringify(join(platform.folder, 'src/auto/run.ts'))}; import mod from ${config}; export const start = () => run(mod.run);`,
    define: { $app: JSON.stringify(app), $cli: JSON.stringify(cliOf(work, platform.folder)), $dev: 'false' },
    inject: [join(platform.folder, 'src/shim/run.js')],
    globals: [
      ...platform.providers.map(({ alias, package: name }) => `import * as ${alias} from ${JSON.stringify(name)};`),
      `import * as sst from ${JSON.stringify(join(platform.folder, 'src/components'))};`,
    ].join('\n'),
  });
  const outputs = await pulumi.runtime.runInPulumiStack(() => called(program.start));
  await pulumi.runtime.disconnect();
  command.close();
  const sizes = Object.fromEntries(command.sizes);
  const synthesis = { app, resources, outputs, sizes, bundles: join(work, 'bundles') };
  await writeFile(join(work, 'synthesis.json'), JSON.stringify(synthesis, undefined, 2));
}

/** The app as SST's command reads it: defaults filled in. */
async function appOf(
  { stage }: Variant,
  platform: Awaited<ReturnType<typeof openPlatform>>,
  instead: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  const config = JSON.stringify(join(ROOT, 'sst.config.ts'));
  const { app } = await runConfig({
    root: ROOT,
    platform,
    instead,
    code: `import mod from ${config}; export const app = await mod.app({ stage: ${JSON.stringify(stage)} });`,
  });
  return { removal: 'retain', protect: false, ...(typeof app === 'object' ? app : {}), stage };
}

const cliOf = (work: string, platform: string) => ({
  command: 'diff',
  dev: false,
  paths: { home: work, root: ROOT, work, platform },
  state: { version: {} },
});

const called = (start: unknown): unknown => (typeof start === 'function' ? start() : undefined);

if (process.argv[1] === ENTRY) {
  const failed: unknown[] = [];
  process.on('unhandledRejection', reason => failed.push(reason));
  await main(JSON.parse(process.argv[2] ?? '{}'));
  for (const reason of failed) console.error(reason instanceof Error ? reason.message : reason);
  process.exit(failed.length === 0 ? 0 : 1);
}
