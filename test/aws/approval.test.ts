/** An approval on the page of a deployment: asked by one environment, decided at another, gone on with by the driver. */
import { expect, it } from 'vitest';
import { approver } from '../support/clients/approver.ts';
import { Deployment } from '../support/lambda/deployment.ts';
import { lastingPort } from '../support/product.ts';
import { waitingCall } from '../support/waiting-call.ts';

it('an approval is given on the page of a deployment, though every process was killed', {
  timeout: 120_000,
}, async () => {
  const port = await lastingPort();
  const gates = { url: `http://127.0.0.1:${port}`, approval: [{ name: 'listing', tools: ['list_expenses'] }] };
  const variables = { FERMATA_CONFIG: JSON.stringify({ gates }), FERMATA_HOLD: '1s' };
  await using deployment = await Deployment.start({ upstream: 'runner', port, variables });
  const headers = { ...deployment.headers };
  const capabilities = { elicitation: { url: {} } };
  const call = await waitingCall(deployment.url, 'list_expenses', {}, { headers, capabilities });
  await deployment.quiet();
  deployment.killAll();
  const key = String(headers.authorization).replace('Bearer ', '');
  const person = await approver(String(call.question.url), key);
  expect(person.page).toContain('You asked for this call yourself.');
  await person.send('once');
  expect(person.page).toContain('The call goes on.');
  await deployment.quiet();
  expect(await call.result()).toMatch(/expense/i);
});
