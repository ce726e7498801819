/** The exchange machine by given–when–then, its illegal moves included, and what it owes the client. */
import { describe, expect, it } from 'vitest';
import type { Exchange, ExchangeEvent, ExchangeEventType, Phase } from '../../core/session/exchange.ts';
import { EXCHANGE_TABLE, isAnswered, lastSequence, opened, step, stepOn } from '../../core/session/exchange.ts';
import { outboxOf } from '../../core/session/outbox.ts';

const ask = (message: string) =>
  ({ method: 'elicitation/create', params: { message, requestedSchema: { type: 'object', properties: {} } } }) as const;

const fresh = opened({
  session: 's',
  id: 'n7',
  request: { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'x' } },
  createdAtMs: 0,
  expiresAtMs: 1_000,
  lease: { owner: 'a', untilMs: 100 },
}).value;

const EVENTS: { readonly [T in ExchangeEventType]: Extract<ExchangeEvent, { type: T }> } = {
  completed: { type: 'completed', outcome: { result: { ok: true } }, sequence: 4, expiresAtMs: 2_000 },
  failed: {
    type: 'failed',
    outcome: { error: { code: -32603, message: 'no' } },
    by: 'fault',
    sequence: 4,
    expiresAtMs: 2_000,
  },
  inputRequired: {
    type: 'inputRequired',
    requests: { a: ask('A?'), b: ask('B?') },
    requestState: 'state',
    sequence: 4,
    expiresAtMs: 2_000,
    nowMs: 50,
  },
  answered: { type: 'answered', round: 1, key: 'a', outcome: { result: { action: 'accept' } } },
  claimed: { type: 'claimed', owner: 'b', untilMs: 200, sequence: 6 },
  lapsed: { type: 'lapsed', owner: 'b', untilMs: 200, sequence: 6 },
  renewed: { type: 'renewed', owner: 'a', untilMs: 300 },
  cancelled: { type: 'cancelled', expiresAtMs: 2_000, sequence: 9 },
  displaced: { type: 'displaced', sequence: 20 },
};

function given(...events: ExchangeEvent[]): Exchange {
  return events.reduce((exchange, event) => {
    const stepped = step(exchange, event);
    if (stepped === undefined) throw new Error(`${event.type} does not apply in ${exchange.phase}`);
    return stepped.value;
  }, fresh);
}

const answerB = { ...EVENTS.answered, key: 'b' };
const IN: Readonly<Record<Phase, Exchange>> = {
  calling: fresh,
  waiting: given(EVENTS.inputRequired),
  ready: given(EVENTS.inputRequired, EVENTS.answered, answerB),
  settled: given(EVENTS.completed),
};

describe('two transitions in one commit', () => {
  const waiting = given(EVENTS.inputRequired, EVENTS.answered);
  const claim = ({ phase }: Exchange) => (phase === 'ready' ? EVENTS.claimed : undefined);

  it('go from the last answer to the next round, and nobody is asked to drive it', () => {
    const stepped = stepOn(waiting, answerB, claim);
    expect(stepped?.value).toMatchObject({ phase: 'calling', round: 2, generation: 2, version: waiting.version + 1 });
    expect(stepped?.value.answers).toEqual({ a: EVENTS.answered.outcome, b: answerB.outcome });
    expect(stepped?.effects).toEqual([]);
  });

  it('are the first alone where the second does not apply, and nothing where the first does not', () => {
    expect(stepOn(waiting, answerB, () => undefined)).toEqual(step(waiting, answerB));
    expect(stepOn(waiting, answerB, () => EVENTS.inputRequired)).toEqual(step(waiting, answerB));
    expect(stepOn(waiting, EVENTS.answered, claim)).toBeUndefined();
  });
});

describe('the table', () => {
  const cells = Object.keys(EXCHANGE_TABLE).flatMap(phase =>
    (Object.keys(EVENTS) as ExchangeEventType[]).map(type => [phase as Phase, type] as const),
  );

  it.each(cells)('in %s, %s does what the table says and nothing else', (phase, type) => {
    const before = JSON.stringify(IN[phase]);
    const stepped = step(IN[phase], EVENTS[type]);
    if (EXCHANGE_TABLE[phase][type] === undefined) expect(stepped).toBeUndefined();
    else if (stepped !== undefined) expect(stepped.value.version).toBe(IN[phase].version + 1);
    expect(JSON.stringify(IN[phase])).toBe(before);
  });

  it('is pinned', () => {
    expect(EXCHANGE_TABLE).toEqual({
      calling: {
        completed: 'settled',
        failed: 'settled',
        inputRequired: 'waiting',
        lapsed: 'calling',
        renewed: 'calling',
        cancelled: 'settled',
      },
      waiting: { answered: 'waiting', failed: 'settled', cancelled: 'settled', displaced: 'waiting' },
      ready: { claimed: 'calling', failed: 'settled', cancelled: 'settled', displaced: 'ready' },
      settled: { answered: 'settled', displaced: 'settled' },
    });
  });
});

describe('a round that asks', () => {
  it('owes its questions, with ids that say where the answers belong', () => {
    expect(outboxOf(IN.waiting)).toEqual([
      { message: { jsonrpc: '2.0', id: 'n7/1/a', ...ask('A?') } },
      { message: { jsonrpc: '2.0', id: 'n7/1/b', ...ask('B?') } },
    ]);
    expect(lastSequence(IN.waiting)).toBe(6);
    expect(step(fresh, EVENTS.inputRequired)?.effects).toEqual([
      { type: 'append', first: 5, events: outboxOf(IN.waiting) },
    ]);
  });

  it('does not ask what is known already', () => {
    const known = { a: { result: { action: 'accept' } } };
    const stepped = step(fresh, { ...EVENTS.inputRequired, known });
    expect(stepped?.value.asked).toEqual(['b']);
    expect(step(fresh, { ...EVENTS.inputRequired, known: { ...known, b: known.a } })).toMatchObject({
      value: { phase: 'ready' },
      effects: [{ type: 'dispatch' }],
    });
  });

  it('that gives only state is ready at once', () => {
    expect(step(fresh, { ...EVENTS.inputRequired, requests: {} })?.value.phase).toBe('ready');
  });
});

describe('a URL question', () => {
  it('gets the unique id its legacy form needs', () => {
    const consent = { method: 'elicitation/create', params: { mode: 'url', url: 'https://x', message: 'Go' } };
    const event = { ...EVENTS.inputRequired, requests: { consent } } as unknown as ExchangeEvent;
    expect(outboxOf(given(event))[0]?.message).toMatchObject({
      params: { mode: 'url', elicitationId: expect.stringMatching(/^[\w-]{22}$/) },
    });
  });
});

describe('an answer', () => {
  it('from elsewhere takes its question back from the client, once, behind the questions', () => {
    const elsewhere = { ...answerB, elsewhere: true };
    const stepped = step(IN.waiting, elsewhere);
    const withdrawal = {
      message: {
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId: 'n7/1/b', reason: 'This was decided elsewhere.' },
      },
    };
    expect(stepped?.value.phase).toBe('waiting');
    expect(stepped?.effects).toEqual([{ type: 'append', first: 5, events: [...outboxOf(IN.waiting), withdrawal] }]);
    const ready = given(EVENTS.inputRequired, elsewhere, EVENTS.answered);
    expect([ready.phase, outboxOf(ready).at(-1), lastSequence(ready)]).toEqual(['ready', withdrawal, 7]);
    expect(outboxOf(given(EVENTS.inputRequired, elsewhere, EVENTS.cancelled))).toHaveLength(2);
  });

  it('makes the exchange ready when it is the last, and has it driven', () => {
    expect(given(EVENTS.inputRequired, EVENTS.answered).phase).toBe('waiting');
    expect(step(given(EVENTS.inputRequired, EVENTS.answered), answerB)).toMatchObject({
      value: { phase: 'ready' },
      effects: [{ type: 'dispatch' }],
    });
    expect(isAnswered(IN.ready)).toBe(true);
  });

  it('that comes twice, for another round or for no question changes nothing', () => {
    const answered = given(EVENTS.inputRequired, EVENTS.answered);
    expect(step(answered, EVENTS.answered)).toBeUndefined();
    expect(step(IN.waiting, { ...EVENTS.answered, round: 2 })).toBeUndefined();
    expect(step(IN.waiting, { ...EVENTS.answered, key: 'z' })).toBeUndefined();
  });

  it('that comes after the client gave up is kept', () => {
    const cancelled = given(EVENTS.inputRequired, EVENTS.cancelled);
    expect(step(cancelled, EVENTS.answered)?.value).toMatchObject({ phase: 'settled', answers: { a: {} } });
    expect(step(IN.settled, EVENTS.answered)).toBeUndefined();
  });
});

describe('a claim', () => {
  it('begins the next round under a higher generation', () => {
    expect(step(IN.ready, EVENTS.claimed)?.value).toMatchObject({
      phase: 'calling',
      round: 2,
      generation: 2,
      lease: { owner: 'b', untilMs: 200 },
      requestState: 'state',
    });
  });

  it('of a lapsed exchange runs the same round again', () => {
    expect(step(fresh, EVENTS.lapsed)?.value).toMatchObject({ phase: 'calling', round: 1, generation: 2 });
  });

  it('is not renewed by anyone else', () => {
    expect(step(fresh, { ...EVENTS.renewed, owner: 'b' })).toBeUndefined();
  });
});

describe('a settled exchange', () => {
  it('owes its response, last', () => {
    expect(outboxOf(IN.settled)).toEqual([{ message: { jsonrpc: '2.0', id: 7, result: { ok: true } }, last: true }]);
  });

  it('that was cancelled owes withdrawals and an end, and its driver must stop', () => {
    expect(outboxOf(given(EVENTS.inputRequired, EVENTS.answered, EVENTS.cancelled))).toEqual([
      {
        message: {
          jsonrpc: '2.0',
          method: 'notifications/cancelled',
          params: { requestId: 'n7/1/b', reason: 'The call that asked has ended.' },
        },
      },
      { last: true },
    ]);
    expect(step(fresh, EVENTS.cancelled)?.effects).toContainEqual({ type: 'abandon' });
  });
});

describe('a call that continues a kept one', () => {
  it('asks only what was not answered', () => {
    const kept = given(EVENTS.inputRequired, EVENTS.answered, EVENTS.cancelled);
    const { lease, ...fields } = fresh;
    const again = opened({ ...fields, id: 'n8', lease: lease ?? { owner: 'a', untilMs: 1 } }, kept);
    expect(again.value).toMatchObject({ phase: 'waiting', asked: ['b'], requestState: 'state', round: 1 });
    expect(outboxOf(again.value)).toHaveLength(1);
  });
});
