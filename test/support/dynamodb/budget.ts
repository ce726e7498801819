/**
 * The flows whose costs are promised, through the real proxy over the DynamoDB store with a scripted upstream, and what each may
 * consume. `npm run budget` prints them; a test pins them.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { newKeyRing } from '../../../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../../../core/adapters/crypto/seal.ts';
import { dynamodbStores } from '../../../core/adapters/dynamodb/stores.ts';
import { nodeEnvironment } from '../../../core/adapters/node/environment.ts';
import { LIMITS } from '../../../core/base/limits.ts';
import type { Stores } from '../../../core/ports/stores.ts';
import type { Dispatch } from '../../../core/proxy/engine.ts';
import type { ProxyServer } from '../../../core/proxy/proxy.ts';
import { proxy } from '../../../core/proxy/proxy.ts';
import { LegacyClient } from '../legacy-client.ts';
import type { Caller } from '../programs/calling.ts';
import { callerOf, contextOf, requestOf, told, toolCall } from '../programs/calling.ts';
import type { Scene } from '../programs/scripted.ts';
import { scripted } from '../programs/scripted.ts';
import { TestClock } from '../proxies.ts';
import { progress, question, scriptedUpstream, text } from '../upstreams/scripted.ts';
import { clientOf, freshTable } from './clients.ts';
import { startFaultProxy } from './fault-proxy.ts';
import type { Consumed } from './meter.ts';
import { Meter } from './meter.ts';

export interface Line {
  readonly flow: string;
  /** Consumed by one unit of the flow: one call, one event, one second. */
  readonly reads: number;
  readonly writes: number;
  readonly operations: number;
  /** What it may consume; absent where nothing is promised. */
  readonly readsMax?: number;
  readonly writesMax?: number;
}

const CALLS = 50;
/** Two events a millisecond, to a store that takes as long to answer as DynamoDB does within its region. */
const EVENTS = 1_000;
const LATENCY_MS = 5;
/** As long as what the runner seals after a question, and as hard to pack. */
const REQUEST_STATE = randomBytes(330).toString('base64url');

const upstream = () =>
  scriptedUpstream({
    plain: async function* () {
      return text('done');
    },
    ask: async function* (request) {
      if (request.params.inputResponses !== undefined) return text('thank you');
      return {
        resultType: 'input_required',
        inputRequests: { q: question('How much?') },
        requestState: REQUEST_STATE,
      };
    },
    report: async function* (request) {
      for (let done = 1; done <= EVENTS; done++) {
        yield progress(request, done, EVENTS);
        if (done % 2 === 0) await setTimeout(1);
      }
      return text('done');
    },
  });

interface Bench {
  readonly meter: Meter;
  readonly client: LegacyClient;
  /** A client of another process, whose stores remember nothing, and which has its calls driven on by a third, as on Lambda. */
  elsewhere(): LegacyClient;
}

async function bench(dynamodb: DynamoDBClient, meter: Meter, sealed: boolean): Promise<Bench> {
  const clock = new TestClock();
  const table = await freshTable(dynamodb);
  const seal = sealed ? { seal: aesSeal({ keys: newKeyRing() }) } : {};
  const open = (): Stores => dynamodbStores({ client: dynamodb, table, environment: clock, ...seal });
  const client = await LegacyClient.open(processOn(open(), clock));
  return {
    meter,
    client,
    elsewhere: () => {
      const driver = processOn(open(), clock);
      const other = new LegacyClient(processOn(open(), clock, driver.drive));
      other.sessionId = client.sessionId;
      return other;
    },
  };
}

/** With ids as long as the real ones. */
const processOn = (stores: Stores, { now }: TestClock, dispatch?: Dispatch): ProxyServer =>
  proxy({
    dispatch,
    upstream: upstream().server,
    stores,
    environment: { now, newId },
    observer: () => {},
    owner: newId(),
    settings: {
      idleTimeoutMs: LIMITS.idleTimeoutMsDefault,
      lifetimeMs: LIMITS.lifetimeMsDefault,
      idleAction: 'sleep',
      retryLost: 'idempotent',
      drainMs: 0,
    },
  });

const { newId } = nodeEnvironment();

/** Measures every flow against a DynamoDB. */
export async function measureBudget(endpoint: string): Promise<readonly Line[]> {
  const slow = await startFaultProxy(endpoint);
  slow.plan = () => LATENCY_MS;
  const dynamodb = clientOf(slow.endpoint);
  const meter = new Meter(dynamodb);
  try {
    const lines: Line[] = [];
    for (const sealed of [false, true]) {
      const under = await bench(dynamodb, meter, sealed);
      const name = (flow: string): string => (sealed ? `${flow}, sealed` : flow);
      lines.push({ ...(await plainCall(under)), flow: name('plain call'), readsMax: 0.5, writesMax: 0 });
      lines.push({ ...(await askingCall(under)), flow: name('call with one question'), writesMax: 6 });
      lines.push({ ...(await askingElsewhere(under)), flow: name('… answered in another process'), writesMax: 6 });
      lines.push({ ...(await reportedEvent(under)), flow: name('progress event under load'), writesMax: 0.25 });
    }
    const under = await bench(dynamodb, meter, false);
    lines.push({ ...(await idleSecond(under)), flow: 'idle session, a second', readsMax: 0, writesMax: 0 });
    lines.push({
      ...(await waitingSecond(under)),
      flow: 'waiting, nobody connected, a second',
      readsMax: 0,
      writesMax: 0,
    });
    lines.push({ ...(await heldSecond(under)), flow: 'waiting, connection held, a second', readsMax: 3, writesMax: 0 });
    lines.push(...(await changes(dynamodb, meter)));
    const opening = await meter.during(() => LegacyClient.open(under.client.server));
    lines.push({ ...opening, flow: 'initialize', readsMax: 0, writesMax: 1 });
    return lines;
  } finally {
    dynamodb.destroy();
    await slow.stop();
  }
}

async function plainCall({ meter, client }: Bench): Promise<Consumed> {
  const consumed = await meter.during(async () => {
    for (let call = 0; call < CALLS; call++) await client.post(client.tool('plain'));
  });
  return per(CALLS, consumed);
}

function askingCall({ meter, client }: Bench): Promise<Consumed> {
  return meter.during(async () => {
    const stream = await client.stream(client.tool('ask', { note: 'an ordinary argument' }));
    await client.answer(await stream.question(), { action: 'accept', content: { value: 'forty-two' } });
    await stream.rest();
  });
}

/** The client leaves after the question, answers one process and resumes at another; a driver of its own goes on with the call. */
function askingElsewhere({ meter, client, elsewhere }: Bench): Promise<Consumed> {
  return meter.during(async () => {
    const stream = await client.stream(client.tool('ask', { note: 'an ordinary argument' }));
    const asked = await stream.question();
    await stream.leave();
    await elsewhere().answer(asked, { action: 'accept', content: { value: 'forty-two' } });
    await (await elsewhere().resume(stream.lastEventId)).rest();
  });
}

/** Of all that a call with very much progress consumes, what falls to one event that the client got. */
async function reportedEvent({ meter, client }: Bench): Promise<Consumed> {
  let events = 0;
  const consumed = await meter.during(async () => {
    const stream = await client.stream(client.tool('report', {}, { progressToken: 'p' }));
    events = (await stream.rest()).length;
  });
  return per(events, consumed);
}

const idleSecond = ({ meter }: Bench): Promise<Consumed> => meter.during(() => setTimeout(1_000));

async function waitingSecond({ meter, client }: Bench): Promise<Consumed> {
  const stream = await client.stream(client.tool('ask'));
  await stream.question();
  await stream.leave();
  return meter.during(() => setTimeout(1_000));
}

/** Once nothing has happened for a while; before that, it looks more often. */
async function heldSecond({ meter, client }: Bench): Promise<Consumed> {
  const stream = await client.stream(client.tool('ask'));
  await stream.question();
  const next = stream.next();
  await setTimeout(2_200);
  const begunMs = performance.now();
  // A machine with much else to do looks less often.
  let consumed = await meter.during(() => setTimeout(1_000));
  while (consumed.operations === 0) consumed = await meter.during(() => setTimeout(1_000));
  const seconds = (performance.now() - begunMs) / 1_000;
  await stream.leave().catch(() => undefined);
  await next;
  return per(seconds, consumed);
}

/** A program that reports a change, and somebody who listens for it in another process. */
async function changes(dynamodb: DynamoDBClient, meter: Meter): Promise<readonly Line[]> {
  const table = await freshTable(dynamodb);
  const reporting = (): Caller => {
    const { state } = dynamodbStores({ client: dynamodb, table, environment: nodeEnvironment() });
    const report = (scene: Scene) => {
      scene.notify('notifications/tools/list_changed', {});
      return { content: [] };
    };
    return callerOf(scripted({ capabilities: { tools: { listChanged: true } }, tools: { report } }), { state });
  };
  const caller = reporting();
  await told(caller, toolCall('report'));
  const reported = await meter.during(() => told(caller, toolCall('report')));
  const closing = new AbortController();
  const listen = requestOf('subscriptions/listen', { notifications: { toolsListChanged: true } });
  const heard = reporting()
    .server(listen, contextOf({ signal: closing.signal }))
    [Symbol.asyncIterator]();
  await heard.next();
  const next = heard.next();
  const listened = await meter.during(() => setTimeout(2 * LIMITS.feedLookMs));
  closing.abort();
  await next;
  return [
    { ...reported, flow: 'call that reports a change', readsMax: 2, writesMax: 1 },
    {
      ...per((2 * LIMITS.feedLookMs) / 1_000, listened),
      flow: 'somebody listens, a second',
      readsMax: 1,
      writesMax: 0,
    },
  ];
}

const per = (count: number, consumed: Consumed): Consumed => ({
  operations: consumed.operations / count,
  reads: consumed.reads / count,
  writes: consumed.writes / count,
});
