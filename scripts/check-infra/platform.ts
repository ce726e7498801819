/**
 * SST's own components and types, where `sst.config.ts` expects them: `.sst/platform`, made by `sst install`.
 *
 * SST's command wants to download Bun and Pulumi first; neither is needed for this, and with them left out everything comes from
 * the npm registry.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installLocked } from '../on-demand.ts';

const WITHOUT_DOWNLOADS = {
  SST_SKIP_DEPENDENCY_CHECK: '1',
  SST_NO_BUN: '1',
  SST_TELEMETRY_DISABLED: '1',
  SST_STAGE: 'check',
};

export interface Provider {
  readonly alias: string;
  readonly package: string;
}

export interface Platform {
  readonly folder: string;
  /** Requires what SST's components require, from where they are. */
  readonly require: NodeJS.Require;
  readonly providers: readonly Provider[];
}

/** `root` is the project's folder. */
export async function getPlatform(root: string, say: (line: string) => void): Promise<Platform> {
  const tool = join(root, '.cache/infra');
  await installLocked(tool, join(root, 'test/infra/tool'), () => say('Installing SST (96 MB) …'));
  const wanted = await versionOf(join(tool, 'node_modules/sst/package.json'));
  if (!isComplete(root) || (await readFile(join(root, '.sst/platform/version'), 'utf8')).trim() !== wanted) {
    say("Installing SST's components (320 MB) …");
    await sstInstall(root, join(tool, 'node_modules/sst/bin/sst.mjs'));
  }
  return openPlatform(root);
}

/** The platform that is there. */
export async function openPlatform(root: string): Promise<Platform> {
  const folder = join(root, '.sst/platform');
  const providers: Provider[] = JSON.parse(await readFile(join(root, '.sst/provider-lock.json'), 'utf8'));
  return { folder, require: createRequire(join(folder, 'package.json')), providers };
}

const isComplete = (root: string): boolean =>
  existsSync(join(root, '.sst/provider-lock.json')) && existsSync(join(root, '.sst/platform/config.d.ts'));

async function versionOf(file: string): Promise<string> {
  const { version }: { version: string } = JSON.parse(await readFile(file, 'utf8'));
  return version;
}

function sstInstall(root: string, command: string): Promise<void> {
  const child = spawn(process.execPath, [command, 'install'], {
    cwd: root,
    env: { ...process.env, ...WITHOUT_DOWNLOADS },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', code =>
      code === 0 ? resolve() : reject(new Error(`sst install failed with exit code ${code}.`)),
    );
  });
}
