/**
 * Time that stands still: an environment is frozen longer than a time limit that matters, and then goes on as if nothing had
 * been. One is a driver at work, past its lease; the other holds a parked run, past the time that the SDK gives a question.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, it } from 'vitest';
import { LIMITS } from '../../core/base/limits.ts';
import { redeliveryComplaints, streamComplaints } from '../scenarios/kill/oracle.ts';
import { patientCall } from '../support/clients/patient-call.ts';
import { eventsIn, textIn, WireClient } from '../support/clients/wire.ts';
import { Deployment } from '../support/lambda/deployment.ts';
import { PATIENCE_MS } from '../support/servers/v1-impatient.ts';

/** Long enough for the next look to find the lease lapsed, on a machine that has much else to do. */
const TAKING_OVER_MS = 12_000;
const PROGRAMS = 'test/support/lambda/handlers/programs.ts';
const folder = mkdtempSync(join(tmpdir(), 'fermata-frozen-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const started = (exported: string) =>
  Deployment.start({
    upstream: { source: PROGRAMS, exported, isProgram: true },
    variables: { FERMATA_HOLD: '1s' },
    timeoutMs: 180_000,
  });
const opened = ({ url, headers }: Deployment) => WireClient.open(url, { headers: { ...headers } });

describe.concurrent('a driver that is stopped for longer than its lease', { timeout: 300_000 }, () => {
  it('finds its call taken over and done, and adds nothing to it', async ({ expect }) => {
    await using deployment = await started('booking');
    const client = await opened(deployment);
    const driver = deployment.lambda.get('driver');
    const upstream = deployment.lambda.get('upstream');
    const notes = join(folder, 'late');
    let stopped: string | undefined;
    const record = await patientCall(
      client,
      client.tool('book_again', { trial: 'late', workMs: 6_000, quiet: false, notes }, { progressToken: 'p' }),
      {
        answer: async question => {
          const field = String(question.params?.message).startsWith('Seat') ? 'seat' : 'meal';
          return { action: 'accept', content: { [field]: 'any' } };
        },
        onMessage: message => {
          // The program reports from its second round: its driver holds the lease.
          if (stopped !== undefined || !JSON.stringify(message).includes('seating')) return;
          const holder = [...driver.environments].find(({ phase }) => phase === 'busy');
          if (holder?.stall(LIMITS.leaseMs + TAKING_OVER_MS)) stopped = holder.id;
        },
      },
      280_000,
    );
    expect(textIn(record.response)).toBe('late: any, any');
    await deployment.quiet();
    const late = driver.billed.find(({ environment }) => environment === stopped);
    expect(late?.billedMs).toBeGreaterThan(LIMITS.leaseMs);
    expect(late?.error).toBeUndefined();
    const takenOver = ['proxy', 'driver'].map(name => deployment.lambda.get(name).output).join('');
    expect(takenOver).toContain('"event":"exchange.lapsed"');
    expect(upstream.billed.length).toBeGreaterThan(3);
    const events = [];
    const first = record.attachments.flatMap(each => each.events).find(({ id }) => id !== undefined)?.id ?? '';
    for await (const event of eventsIn(await client.resume(`${first.slice(0, first.lastIndexOf('.'))}.0`)))
      events.push(event);
    expect([...streamComplaints(record), ...redeliveryComplaints(record, events)]).toEqual([]);
  });
});

describe.concurrent('a run that is parked in an environment', { timeout: 300_000 }, () => {
  it('goes on where it was after more frozen time than the SDK gives a question, and comes to the same from its journal', async ({
    expect,
  }) => {
    await using deployment = await started('impatient');
    const client = await opened(deployment);
    /** Asks, does something, answers, and gives the result and how often the handler began. */
    const orderWith = async (name: string, between: () => unknown) => {
      const notes = join(folder, name);
      const answer = async () => {
        await deployment.lambda.get('upstream').quiet();
        await between();
        return { action: 'accept', content: { size: 'L' } };
      };
      const { response } = await patientCall(client, client.tool('order', { notes }), { answer }, 140_000);
      return { said: textIn(response), begun: readFileSync(notes, 'utf8').trim().split('\n').length };
    };
    const frozen = await orderWith('frozen', () => {
      const { billed, environments } = deployment.lambda.get('upstream');
      // Whichever environment is free gets the answer: so there must be no other.
      const holder = billed.at(-1)?.environment;
      for (const each of environments) if (each.id !== holder) each.kill();
      return pause(PATIENCE_MS * 2.5);
    });
    expect(frozen).toEqual({ said: 'Size L it is.', begun: 1 });
    const killed = await orderWith('killed', () => deployment.lambda.get('upstream').kill());
    expect(killed).toEqual({ said: 'Size L it is.', begun: 2 });
  });
});
