/** Settings of gates that nobody could meet stop the start, and say what is missing. */
import { expect, it } from 'vitest';
import { deployed } from '../support/deployment.ts';

const starting = (gates: object) => deployed([], { FERMATA_CONFIG: JSON.stringify({ gates }) });

it.each([
  [
    'approvers whom nobody knows',
    { approval: [{ name: 'p', approvers: ['key:carol'] }] },
    'Policy "p" names approvers',
  ],
  ['a webhook without a secret', { webhook: { url: 'https://hooks.example' } }, 'needs FERMATA_WEBHOOK_SECRET'],
  [
    'a policy with a mistake',
    { approval: [{ name: 'p', when: 'amount >' }] },
    'FERMATA_CONFIG:1: gates.approval.0.when',
  ],
])('%s', async (_, gates, why) => {
  await expect(starting(gates)).rejects.toThrow(why);
});
