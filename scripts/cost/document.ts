/** `docs/cost.md`, written from the prices and the counted session: every number in it is computed here. */
import { PRICES } from './prices.ts';
import type { Mode, Usage, Vm } from './session.ts';
import { DEPLOYMENT, MODES, POLL_SECONDS_MAX, SESSION, UNITS, VMS, WAITING_HOUR } from './session.ts';

const SESSIONS = 100_000;

export interface Bill {
  readonly gbSeconds: number;
  readonly compute: number;
  readonly requests: number;
  readonly table: number;
  readonly total: number;
}

export function billOf(usage: Usage): Bill {
  const { proxySeconds, driverSeconds, upstreamSeconds } = usage;
  const gbSeconds = (proxySeconds + driverSeconds) * DEPLOYMENT.proxyGb + upstreamSeconds * DEPLOYMENT.upstreamGb;
  const compute = gbSeconds * PRICES.lambdaGbSecond.usd;
  const requests = usage.requests * PRICES.lambdaRequest.usd;
  const table = usage.writes * PRICES.writeUnit.usd + usage.reads * PRICES.readUnit.usd;
  return { gbSeconds, compute, requests, table, total: compute + requests + table };
}

export function vmBillOf({ gb, vcpu, idleSeconds }: Vm): number {
  const busyHours = (SESSION.calls * SESSION.secondsOfCall) / 3_600;
  const hours = (SESSION.seconds + idleSeconds) / 3_600;
  return busyHours * vcpu * PRICES.agentCoreVcpuHour.usd + hours * gb * PRICES.agentCoreGbHour.usd;
}

const usd = (value: number): string => `$${value.toFixed(value < 0.0001 ? 6 : 5)}`;
const whole = (value: number): string => `$${Math.round(value).toLocaleString('en')}`;
const count = (value: number): string => Number(value.toFixed(1)).toLocaleString('en').replaceAll(',', ' ');
const times = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} times`;
const rows = (lines: readonly (readonly string[])[]): string =>
  lines.map(cells => `| ${cells.join(' | ')} |`).join('\n');

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  return rows([head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...lines]);
}

const modeTable = (): string =>
  table(
    [
      'mode',
      'GB-s',
      'compute',
      'requests',
      'DynamoDB',
      'a session',
      `${SESSIONS.toLocaleString('en').replaceAll(',', ' ')} sessions`,
    ],
    [
      ...MODES.map(({ name, usage }) => {
        const bill = billOf(usage);
        const parts = [bill.compute, bill.requests, bill.table].map(usd);
        return [name, count(bill.gbSeconds), ...parts, `**${usd(bill.total)}**`, whole(bill.total * SESSIONS)];
      }),
      ...VMS.map(vm => [vm.name, '', '', '', '', `**${usd(vmBillOf(vm))}**`, whole(vmBillOf(vm) * SESSIONS)]),
    ],
  );

const usageTable = (): string =>
  table(
    ['mode', 'proxy, s', 'driver, s', 'upstream, s', 'requests', 'write units', 'read units'],
    MODES.map(({ name, usage }) => [
      name,
      ...[
        usage.proxySeconds,
        usage.driverSeconds,
        usage.upstreamSeconds,
        usage.requests,
        usage.writes,
        usage.reads,
      ].map(count),
    ]),
  );

const priceTable = (): string =>
  table(
    ['a', 'costs', 'published at', 'read'],
    Object.values(PRICES).map(({ usd: dollars, per, source, read }) => [
      per,
      `$${Number(dollars.toPrecision(7)).toLocaleString('en', { maximumSignificantDigits: 7 })}`,
      source,
      read,
    ]),
  );

function modeNamed(start: string): Mode {
  const mode = MODES.find(({ name }) => name.startsWith(start));
  if (mode === undefined) throw new Error(`There is no mode ${start}.`);
  return mode;
}

/** The bill of a mode, line by line. */
function arithmetic({ usage }: Mode): string {
  const bill = billOf(usage);
  const { proxyGb, upstreamGb } = DEPLOYMENT;
  return [
    '```',
    `compute   (${count(usage.proxySeconds)} s + ${count(usage.driverSeconds)} s) × ${proxyGb} GB + ${count(usage.upstreamSeconds)} s × ${upstreamGb} GB = ${count(bill.gbSeconds)} GB-s × $${PRICES.lambdaGbSecond.usd} = ${usd(bill.compute)}`,
    `requests  ${count(usage.requests)} × $${PRICES.lambdaRequest.usd.toFixed(7)} = ${usd(bill.requests)}`,
    `DynamoDB  ${count(usage.writes)} write units × $${PRICES.writeUnit.usd.toFixed(9)} + ${count(usage.reads)} read units × $${PRICES.readUnit.usd.toFixed(9)} = ${usd(bill.table)}`,
    `together  ${usd(bill.total)}`,
    '```',
  ].join('\n');
}

function waiting(): string {
  const bill = billOf(WAITING_HOUR);
  const [vm] = VMS;
  const vmHour = (vm?.gb ?? 0) * PRICES.agentCoreGbHour.usd;
  return [
    `One question that waits for an hour costs ${usd(bill.total)} while a client of 2025 comes back every ${POLL_SECONDS_MAX} s ` +
      `(${count(WAITING_HOUR.requests)} requests of ${DEPLOYMENT.secondsOfRequest * 1_000} ms), and nothing once it has gone, nor with a client of 2026-07-28. ` +
      `A microVM of ${vm?.gb} GB costs ${usd(vmHour)} for the same hour, ${times(vmHour / bill.total)} as much, and holds one of the account's slots; ` +
      'it also has to be told to wait longer than its 15 minutes, and ends after 8 hours.',
  ].join('\n');
}

function standingCosts(): string {
  const alarms = DEPLOYMENT.alarms * PRICES.alarmMonth.usd;
  return [
    `A stage that nobody uses costs ${DEPLOYMENT.alarms} alarms ($${alarms.toFixed(2)}) and one metric ($${PRICES.metricMonth.usd.toFixed(2)}) a month, less what the free tier covers. ` +
      `What is in the table costs $${PRICES.tableGbMonth.usd.toFixed(2)} per GB and month, and $${PRICES.recoveryGbMonth.usd.toFixed(2)} for its recovery; logs cost $${PRICES.logGb.usd.toFixed(2)} per GB. ` +
      'A domain adds CloudFront and Route 53. Not counted anywhere above: cold starts, traffic to the internet, and the requests to KMS that DynamoDB makes.',
  ].join('\n');
}

export function costDocument(): string {
  const held = billOf(modeNamed('everything').usage).total;
  const released = modeNamed('released');
  const total = billOf(released.usage).total;
  const vms = VMS.map(vmBillOf);
  const concurrency = (usage: Usage): string =>
    ((usage.proxySeconds + usage.driverSeconds + usage.upstreamSeconds) / SESSION.seconds).toFixed(2);
  return `${[
    '# What a session costs',
    '<!-- Written by scripts/cost.ts. Do not edit. -->',
    'Computed by [`scripts/cost.ts`](../scripts/cost.ts) from the prices in [`scripts/cost/prices.ts`](../scripts/cost/prices.ts) and the session in ' +
      '[`scripts/cost/session.ts`](../scripts/cost/session.ts); a test holds this page to what the script says. No bill was compared with it. Put in your own numbers and run `npx tsx scripts/cost.ts`.',
    '## The session',
    `${SESSION.seconds / 60} minutes, ${SESSION.calls} calls of ${SESSION.secondsOfCall} s with ${SESSION.progressOfCall} reports of progress each; ${SESSION.questions} of them ask a person, who takes ${SESSION.secondsOfAnswer} s. ` +
      `Proxy and upstream have ${DEPLOYMENT.proxyGb * 1_024} MB on arm64. No free tier is taken off.`,
    modeTable(),
    `Released, which is what is deployed, is the measure: everything held costs ${times(held / total)} as much, ` +
      `${VMS.map((vm, index) => `${vm.name} ${times((vms[index] ?? 0) / total)}`).join(', ')}. ` +
      'So to be cheap rests on one thing: waiting for people holds nothing. Whatever holds connections open loses it.',
    MODES.map(({ name, says }) => `- **${name}**: ${says}.`).join('\n'),
    'AgentCore Runtime: memory from the start of the session to the end of its idle time-out ' +
      `(${VMS.map(vm => `${vm.gb} GB and ${vm.idleSeconds / 60} min`).join('; ')}), processors only while calls work (${VMS.map(vm => vm.vcpu).join('; ')} vCPU).`,
    '## The arithmetic',
    'What each mode uses:',
    usageTable(),
    `Released, line by line. The proxy is busy with the calls until their questions, holds ${SESSION.questions} connections for ${DEPLOYMENT.holdSeconds} s, and answers ` +
      `${count(released.usage.requests)} requests together with the other functions; the driver goes on with ${SESSION.questions} calls.`,
    arithmetic(released),
    'Everything held:',
    arithmetic(modeNamed('everything')),
    `AgentCore Runtime, as it comes: ${SESSION.calls * SESSION.secondsOfCall} s × 1 vCPU ÷ 3600 × $${PRICES.agentCoreVcpuHour.usd} + ${(SESSION.seconds + 900) / 3_600} h × 0.5 GB × $${PRICES.agentCoreGbHour.usd} = ${usd(vms[0] ?? 0)}.`,
    'Write and read units are those of [dynamodb.md](dynamodb.md#what-it-costs), where they are measured: ' +
      `${UNITS.writesOfQuestion} writes for a question, ${UNITS.readsOfQuestion} reads if another process takes its answer, ${UNITS.readsOfRequest} read for any request. ` +
      'Progress is counted at one write a report, which is what it costs when it comes slowly.',
    '## Waiting',
    waiting(),
    '## Room',
    `Everything held, a session keeps ${concurrency(modeNamed('everything').usage)} executions busy on average; released, ${concurrency(released.usage)}. ` +
      `An account with the usual 1 000 concurrent executions has room for about ${count(Math.floor(100_000 / Number(concurrency(modeNamed('everything').usage))) / 100)} or ${count(Math.round(1_000 / Number(concurrency(released.usage)) / 100) * 100)} such sessions at a time.`,
    '## What stands',
    standingCosts(),
    '## Prices',
    'US dollars, us-east-1, without free tiers. They were read in copies of the pages named; look at the pages before you rely on them.',
    priceTable(),
  ].join('\n\n')}\n`;
}
