/** The commands of a clone run its sources as they are: other tests start a file that was built before. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('npm start serves', async () => {
  const [node, ...args] = manifest.scripts.start.split(' ');
  expect([node, args.at(-1)]).toEqual(['node', 'serve']);
  const child = spawn(process.execPath, [...args, '--memory', '--port', '0', '--json'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const [line] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line');
  expect(JSON.parse(line)).toMatchObject({ event: 'server.listening', name: 'expense-tracker' });
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});
