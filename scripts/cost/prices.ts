/**
 * List prices of us-east-1 in US dollars, without free tiers: the one place where they stand. `docs/cost.md` is computed from
 * them; change one here and run `npx tsx scripts/cost.ts`.
 */

export interface Price {
  readonly usd: number;
  readonly per: string;
  /** The page that publishes it. */
  readonly source: string;
  /** When it was read, in copies of that page. */
  readonly read: string;
}

const LAMBDA = 'https://aws.amazon.com/lambda/pricing/';
const DYNAMODB = 'https://aws.amazon.com/dynamodb/pricing/on-demand/';
const CLOUDWATCH = 'https://aws.amazon.com/cloudwatch/pricing/';
const AGENTCORE = 'https://aws.amazon.com/bedrock/agentcore/pricing/';
const READ = 'November 2026';

export const PRICES = {
  lambdaGbSecond: { usd: 0.0000133334, per: 'GB-second of Lambda on arm64', source: LAMBDA, read: READ },
  lambdaRequest: { usd: 0.2 / 1_000_000, per: 'request to Lambda', source: LAMBDA, read: READ },
  writeUnit: { usd: 0.625 / 1_000_000, per: 'write unit of DynamoDB on demand', source: DYNAMODB, read: READ },
  readUnit: { usd: 0.125 / 1_000_000, per: 'read unit of DynamoDB on demand', source: DYNAMODB, read: READ },
  tableGbMonth: { usd: 0.25, per: 'GB and month of table', source: DYNAMODB, read: READ },
  recoveryGbMonth: { usd: 0.2, per: 'GB and month of point-in-time recovery', source: DYNAMODB, read: READ },
  alarmMonth: { usd: 0.1, per: 'alarm and month', source: CLOUDWATCH, read: READ },
  metricMonth: { usd: 0.3, per: 'metric of our own and month', source: CLOUDWATCH, read: READ },
  logGb: { usd: 0.5, per: 'GB of logs taken in', source: CLOUDWATCH, read: READ },
  agentCoreVcpuHour: {
    usd: 0.0895,
    per: 'vCPU-hour of AgentCore Runtime, while it computes',
    source: AGENTCORE,
    read: READ,
  },
  agentCoreGbHour: {
    usd: 0.00945,
    per: 'GB-hour of AgentCore Runtime, from start to end of a session',
    source: AGENTCORE,
    read: READ,
  },
} as const satisfies Record<string, Price>;
