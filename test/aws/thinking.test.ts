/** Nothing runs while a person thinks: what a waiting call is billed for, with a client that looks for news every two seconds. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { isRequest } from '../../core/protocol/messages.ts';
import { messagesIn, WireClient } from '../support/clients/wire.ts';
import { Deployment } from '../support/lambda/deployment.ts';

const WAIT_MS = 10_000;
const LOOK_EVERY_MS = 2_000;

it('bills less than a twentieth of the time a person takes', async () => {
  await using deployment = await Deployment.start({ upstream: 'express', variables: { FERMATA_HOLD: '1s' } });
  const client = await WireClient.open(deployment.url, { headers: { ...deployment.headers } });
  const events = await messagesIn(await client.post(client.tool('cancel_order', { order: 'A-1002' })));
  const question = events.find(isRequest);
  if (question === undefined) throw new Error(`no question in ${JSON.stringify(events)}`);
  await deployment.quiet();
  deployment.takeBilled();

  for (let waitedMs = 0; waitedMs < WAIT_MS; waitedMs += LOOK_EVERY_MS) {
    await pause(LOOK_EVERY_MS);
    expect(await messagesIn(await client.resume('n1.1'))).toEqual([]);
  }
  await deployment.quiet();
  const billedMs = deployment.takeBilled().reduce((sum, one) => sum + one.billedMs, 0);
  console.log(
    `billed while a person thought for ${WAIT_MS} ms: ${Math.round(billedMs)} ms (${((billedMs / WAIT_MS) * 100).toFixed(1)} %), ` +
      'for proxy, driver and upstream, starts of environments included',
  );
  expect(billedMs).toBeLessThan(WAIT_MS * 0.05);
  const yes = { action: 'accept', content: { sure: true } };
  expect((await client.answer(question.id, yes)).status).toBe(202);
});
