/** Calls of both eras that wait for an approval, and a server that is killed and started again meanwhile. */
import { EventEmitter, once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Elicited } from '../support/clients/sdk.ts';
import { SDK_CLIENTS } from '../support/clients/sdk.ts';
import { lastingPort, startProduct } from '../support/product.ts';

const FILESYSTEM = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-filesystem/dist/index.js'));
const CONFIG = fileURLToPath(new URL('../../examples/approval/fermata.config.ts', import.meta.url));
/** One of each era. */
const NAMES = ['SDK v1', 'SDK v2 auto'] as const;

it('a call that waits for an approval goes on for both eras after every process was killed', async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'gates-')));
  const options = {
    data: await mkdtemp(join(tmpdir(), 'gates-store-')),
    port: await lastingPort(),
    serve: ['--config', CONFIG, '--', process.execPath, FILESYSTEM, folder],
  };
  const product = await startProduct(options);
  let again: Promise<Awaited<ReturnType<typeof startProduct>>> | undefined;
  let asked = 0;
  const both = new EventEmitter();
  const bothAsked = once(both, 'asked');
  const side = {
    elicit: async (): Promise<Elicited> => {
      asked += 1;
      if (asked === NAMES.length) both.emit('asked');
      await bothAsked;
      again ??= product.kill().then(() => startProduct(options));
      await again;
      return { action: 'accept', content: { decision: 'once' } };
    },
  };
  const clients = await Promise.all(NAMES.map(name => SDK_CLIENTS[name](product.url, side)));
  await Promise.all(
    clients.map(async ({ era, call }) => {
      expect(
        (
          await call('write_file', {
            path: join(folder, `${era}-survived.txt`),
            content: 'it did',
          })
        ).isError,
      ).toBe(false);
      expect(existsSync(join(folder, `${era}-survived.txt`))).toBe(true);
    }),
  );
  for (const client of clients) await client.close();
  await (await again)?.stop();
});
