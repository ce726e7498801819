/** A real process is killed between a step and the next question; the next one asks, and does not do the step again. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { patientCall } from '../../support/clients/patient-call.ts';
import { WireClient } from '../../support/clients/wire.ts';
import { lastingPort, startProduct } from '../../support/product.ts';

const PROGRAM = fileURLToPath(new URL('program.ts', import.meta.url));

test('a step that was done outlives SIGKILL, and a session keeps its state over it', async () => {
  const data = mkdtempSync(join(tmpdir(), 'fermata-steps-'));
  const [notes, go] = [join(data, 'notes'), join(data, 'go')];
  const options = { data, port: await lastingPort(), serve: ['--program', PROGRAM, '--retry-lost', 'always'] };
  const first = await startProduct(options);
  const client = await WireClient.open(first.url);
  let restarted: ReturnType<typeof startProduct> | undefined;
  const restart = async () => {
    await first.kill();
    writeFileSync(go, '');
    return startProduct(options);
  };
  const call = (name: string, args: Record<string, unknown> = {}) =>
    patientCall(
      client,
      client.tool(name, args, { progressToken: name }),
      {
        answer: async () => ({ action: 'accept', content: {} }),
        onMessage: message => {
          if ('method' in message && message.method === 'notifications/progress') restarted ??= restart();
        },
      },
      100_000,
    );
  const { response } = await call('charge', { notes, go });
  expect(response).toMatchObject({ result: { content: [{ text: 'receipt 1, 1 charge, accept' }] } });
  expect(readFileSync(notes, 'utf8')).toBe('begun\ncharged\nbegun\n');
  expect((await call('charges')).response).toMatchObject({ result: { content: [{ text: '1' }] } });
  expect(await (await restarted)?.stop()).toBe(0);
});
