/**
 * Tools that a check needs and the product does not: installed when they are first used, into `.cache/`, from a lock file of their
 * own. So `npm ci` stays small, and a tool that asks for another Node or platform breaks nothing.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Fills a folder unless it was filled for the same key before. The key is written last, so that a broken try is no try. */
export async function once(folder: string, key: string, fill: () => Promise<void>): Promise<void> {
  const stamp = join(folder, 'installed');
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === key) return;
  await mkdir(folder, { recursive: true });
  await fill();
  await writeFile(stamp, key);
}

/** Installs what the `package.json` and the lock in `from` say into `folder`, if it is not there yet. */
export async function installLocked(folder: string, from: string, say: () => void): Promise<void> {
  await once(folder, await readFile(join(from, 'package-lock.json'), 'utf8'), async () => {
    say();
    for (const file of ['package.json', 'package-lock.json']) await copyFile(join(from, file), join(folder, file));
    await npm(['ci', '--ignore-scripts', '--prefix', folder]);
  });
}

export function npm(args: readonly string[]): Promise<void> {
  const child = spawn('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', code =>
      code === 0 ? resolve() : reject(new Error(`npm ${args.join(' ')} failed with exit code ${code}.`)),
    );
  });
}
