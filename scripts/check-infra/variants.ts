/**
 * Stages with different settings, and what must be true of each: together they reach every branch of `infra/`.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LIMITS } from '../../core/base/limits.ts';
import { actionsOnProxy, arnOf, deploys, goes, mayDo, onFunction, onQueue, onTable, open, tells } from './choices.ts';
import { recordIn } from './deployment.ts';
import type { Expectation } from './expectations.ts';
import { ACCOUNT, REGION, SECRETS } from './mocks.ts';
import type { Variant } from './synthesis.ts';

export interface CheckedVariant extends Variant {
  readonly title: string;
  readonly expected: readonly Expectation[];
}

const KEPT = ['production'];
const EXISTING = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:orders`;
const asItIs: CheckedVariant = {
  name: 'as-it-is',
  title: 'A stage with the settings as they are: a program of your own, API keys',
  stage: 'dev',
  expected: [
    goes,
    open,
    deploys('Driver', 'Proxy', 'Upstream'),
    mayDo({
      Proxy: [...onTable('dev'), onFunction('dev', 'Upstream'), onFunction('dev', 'Driver')],
      Driver: [...onTable('dev'), onFunction('dev', 'Upstream'), onQueue('dev')],
      Upstream: onTable('dev'),
    }),
    {
      says: 'nobody asks the program which era it is of, and it is told when sessions end',
      holds: deployment => {
        assert.equal(deployment.variables('Proxy').FERMATA_UPSTREAM_KIND, 'program');
        assert.equal(deployment.variables('Driver').FERMATA_UPSTREAM_KIND, 'program');
      },
    },
    {
      says: 'the program has 512 MB, the keys, the table, and no tenants',
      holds: deployment => {
        const { memorySize, tenancyConfig } = deployment.lambda('Upstream');
        assert.deepEqual([memorySize, tenancyConfig], [512, undefined]);
        assert.deepEqual(deployment.variables('Upstream'), {
          FERMATA_KEYS: SECRETS.FermataKeys,
          FERMATA_TABLE: deployment.table.name,
        });
      },
    },
    {
      says: 'only the proxy is given the API keys',
      holds: deployment => {
        assert.equal(deployment.variables('Proxy').FERMATA_API_KEYS, SECRETS.FermataApiKeys);
        assert.equal(deployment.variables('Driver').FERMATA_API_KEYS, undefined);
      },
    },
    {
      says: 'alarms tell nobody where nobody is named',
      holds: deployment => {
        assert.deepEqual(deployment.all('aws:sns/topic:Topic'), []);
        assert.deepEqual(deployment.alarm('DriverErrors').alarmActions, []);
      },
    },
  ],
};

const production: CheckedVariant = {
  name: 'production',
  title: 'A stage that is kept: an existing function, tenants, JWT, a domain, alarms by mail',
  stage: 'production',
  settings: {
    upstream: EXISTING,
    tenancy: 'principal',
    upstreamPath: '/v2/mcp',
    upstreamMode: 'buffered',
    upstreamEra: 'modern',
    administrators: true,
    config: {
      gates: {
        url: 'https://mcp.example.com',
        approval: [{ name: 'deletions', tools: ['delete_*'] }],
        webhook: { url: 'https://hooks.example.com/fermata' },
      },
      sessions: { limits: { sessions: 5 } },
    },
    auth: {
      kind: 'jwt',
      issuer: 'https://login.example.com/',
      audience: 'https://mcp.example.com/mcp',
      scopes: ['mcp', 'tools'],
      jwks: 'https://login.example.com/keys',
    },
    keptStages: KEPT,
    domain: 'mcp.example.com',
    alarms: { email: 'ops@example.com' },
    concurrency: 50,
  },
  expected: [
    open,
    deploys('Driver', 'Proxy'),
    {
      says: 'the stage refuses to be removed, and the table outlives it',
      holds: ({ synthesis: { app }, table }) =>
        assert.deepEqual([app.removal, app.protect, table.deletionProtectionEnabled], ['retain', true, true]),
    },
    mayDo({
      Proxy: [...onTable('production'), `lambda:InvokeFunction on ${EXISTING}`, onFunction('production', 'Driver')],
      Driver: [...onTable('production'), `lambda:InvokeFunction on ${EXISTING}`, onQueue('production')],
    }),
    tells(
      {
        FERMATA_UPSTREAM: EXISTING,
        FERMATA_TENANCY: 'principal',
        FERMATA_UPSTREAM_PATH: '/v2/mcp',
        FERMATA_UPSTREAM_MODE: 'buffered',
        FERMATA_UPSTREAM_ERA: 'modern',
        FERMATA_CONFIG: 'fermata.config.json',
        FERMATA_WEBHOOK_SECRET: SECRETS.FermataWebhookSecret,
      },
      {
        FERMATA_ADMIN_KEYS: SECRETS.FermataAdminKeys,
        FERMATA_AUTH: 'jwt',
        FERMATA_JWT_ISSUER: 'https://login.example.com/',
        FERMATA_JWT_AUDIENCE: 'https://mcp.example.com/mcp',
        FERMATA_JWT_SCOPES: 'mcp tools',
        FERMATA_JWT_JWKS: 'https://login.example.com/keys',
      },
    ),
    {
      says: 'the configuration lies beside the code of proxy and driver',
      holds: async ({ synthesis: { bundles } }) => {
        for (const name of ['Proxy', 'Driver']) {
          const uploaded = await readFile(join(bundles, `../artifacts/${name}/code.zip`), 'latin1');
          assert.ok(uploaded.includes('fermata.config.json'), name);
        }
      },
    },
    {
      says: 'the domain leads to the proxy, which speaks well within the time that CloudFront waits',
      holds: deployment => {
        assert.equal(deployment.synthesis.outputs.endpoint, 'https://mcp.example.com/mcp');
        assert.deepEqual(deployment.one('aws:cloudfront/distribution:Distribution').aliases, ['mcp.example.com']);
        const [route] = deployment.synthesis.resources.filter(({ name }) => name.startsWith('ProxyRouteKey'));
        const { metadata } = recordIn(route?.inputs, 'entries');
        const { readTimeout } = recordIn(recordIn(JSON.parse(String(metadata)), 'origin'), 'timeouts');
        assert.equal(readTimeout, 60);
        assert.ok(LIMITS.keepAliveMs * 2 < Number(readTimeout) * 1_000);
      },
    },
    {
      says: 'every alarm goes to the address by mail, and so does its end',
      holds: deployment => {
        const { protocol, endpoint } = deployment.one('aws:sns/topicSubscription:TopicSubscription');
        assert.deepEqual([protocol, endpoint], ['email', 'ops@example.com']);
        for (const { inputs } of deployment.all('aws:cloudwatch/metricAlarm:MetricAlarm')) {
          assert.deepEqual([inputs.alarmActions, inputs.okActions], [[TOPIC], [TOPIC]]);
        }
      },
    },
    {
      says: 'no more than 50 executions of the proxy run at once',
      holds: deployment => assert.equal(deployment.lambda('Proxy').reservedConcurrentExecutions, 50),
    },
  ],
};

const TOPIC = arnOf('sns', 'Alarms');

const elsewhere: CheckedVariant = {
  name: 'elsewhere',
  title: 'An upstream that is served elsewhere, callers whom AWS verifies, everything set',
  stage: 'try-1',
  settings: {
    upstream: 'https://mcp.example.com/mcp',
    upstreamHeaders: true,
    upstreamEra: 'legacy',
    auth: { kind: 'iam' },
    keptStages: KEPT,
    region: REGION,
    memory: { proxy: 256, driver: 1_024 },
    logRetention: '1 week',
    allowOrigins: ['https://app.example.com', 'https://www.example.com'],
    sessions: { idleTimeout: '30m', maxLifetime: '14d', idleAction: 'end', retryLost: 'never', hold: '5s' },
  },
  expected: [
    goes,
    deploys('Driver', 'Proxy'),
    mayDo({
      Proxy: [...onTable('try-1'), onFunction('try-1', 'Driver')],
      Driver: [...onTable('try-1'), onQueue('try-1')],
    }),
    tells(
      {
        FERMATA_UPSTREAM: 'https://mcp.example.com/mcp',
        FERMATA_UPSTREAM_HEADERS: SECRETS.FermataUpstreamHeaders,
        FERMATA_UPSTREAM_ERA: 'legacy',
        FERMATA_IDLE_TIMEOUT: '30m',
        FERMATA_MAX_LIFETIME: '14d',
        FERMATA_IDLE_ACTION: 'end',
        FERMATA_RETRY_LOST: 'never',
        FERMATA_HOLD: '5s',
      },
      {
        FERMATA_AUTH: 'iam',
        FERMATA_ALLOW_ORIGIN: 'https://app.example.com,https://www.example.com',
      },
    ),
    {
      says: 'the URL verifies signatures, and nobody is let in by it alone',
      holds: deployment => {
        assert.equal(deployment.url().authorizationType, 'AWS_IAM');
        assert.deepEqual(actionsOnProxy(deployment), []);
      },
    },
    {
      says: 'region, memory and the life of logs are as they are set',
      holds: deployment => {
        assert.deepEqual(recordIn(deployment.synthesis.app, 'providers').aws, { version: '7.20.0', region: REGION });
        assert.deepEqual([deployment.lambda('Proxy').memorySize, deployment.lambda('Driver').memorySize], [256, 1_024]);
        for (const { inputs } of deployment.all('aws:cloudwatch/logGroup:LogGroup')) {
          assert.equal(inputs.retentionInDays, 7);
        }
      },
    },
  ],
};

const isolated: CheckedVariant = {
  name: 'isolated',
  title: 'An Express server brought along, with environments of its own for each session',
  stage: 'dev',
  settings: {
    upstream: './functions/express.ts',
    tenancy: 'session',
    upstreamVariables: { ORDERS: 'all' },
    auth: { kind: 'api-key' },
    keptStages: KEPT,
  },
  expected: [
    goes,
    deploys('Driver', 'Proxy', 'Upstream'),
    {
      says: 'the function isolates tenants, which its callers name',
      holds: deployment => {
        assert.deepEqual(deployment.lambda('Upstream').tenancyConfig, { tenantIsolationMode: 'PER_TENANT' });
        for (const name of ['Proxy', 'Driver']) assert.equal(deployment.variables(name).FERMATA_TENANCY, 'session');
      },
    },
    {
      says: 'a server that knows nothing of us gets nothing from us but its own variables',
      holds: deployment => {
        assert.deepEqual(deployment.variables('Upstream'), { ORDERS: 'all' });
        assert.deepEqual(deployment.mayDo('Upstream'), []);
      },
    },
  ],
};

const warm: CheckedVariant = {
  name: 'warm',
  title: 'A program of your own that is kept between the calls of a session',
  stage: 'dev',
  settings: {
    upstream: './examples/expense-tracker/server.ts',
    tenancy: 'session',
    upstreamVariables: { EXPENSES_FILE: '/tmp/expenses.jsonl' },
    auth: { kind: 'api-key' },
    keptStages: KEPT,
    sessions: { idleTimeout: '30m' },
  },
  expected: [
    goes,
    deploys('Driver', 'Proxy', 'Upstream'),
    mayDo({
      Proxy: [...onTable('dev'), onFunction('dev', 'Upstream'), onFunction('dev', 'Driver')],
      Driver: [...onTable('dev'), onFunction('dev', 'Upstream'), onQueue('dev')],
      Upstream: onTable('dev'),
    }),
    {
      says: 'the program has an environment for each session, named by proxy and driver, and keeps itself in it as long as sessions are awake',
      holds: deployment => {
        assert.deepEqual(deployment.lambda('Upstream').tenancyConfig, { tenantIsolationMode: 'PER_TENANT' });
        assert.deepEqual(deployment.variables('Upstream'), {
          FERMATA_KEYS: SECRETS.FermataKeys,
          FERMATA_TABLE: deployment.table.name,
          FERMATA_TENANCY: 'session',
          FERMATA_IDLE_TIMEOUT: '30m',
          EXPENSES_FILE: '/tmp/expenses.jsonl',
        });
        for (const name of ['Proxy', 'Driver']) {
          const { FERMATA_TENANCY, FERMATA_IDLE_TIMEOUT } = deployment.variables(name);
          assert.deepEqual([FERMATA_TENANCY, FERMATA_IDLE_TIMEOUT], ['session', '30m'], name);
          assert.equal(deployment.lambda(name).tenancyConfig, undefined, name);
        }
      },
    },
  ],
};

const named: CheckedVariant = {
  name: 'named',
  title: 'A function that exists, by its name',
  stage: 'dev',
  settings: { upstream: 'orders', auth: { kind: 'api-key' }, keptStages: KEPT },
  expected: [
    deploys('Driver', 'Proxy'),
    {
      says: 'the name is that of a function in this account and region',
      holds: deployment => {
        assert.ok(deployment.mayDo('Proxy').includes(`lambda:InvokeFunction on ${arnOf('lambda', 'function:orders')}`));
        assert.equal(deployment.variables('Proxy').FERMATA_UPSTREAM, 'orders');
      },
    },
  ],
};

const stdio: CheckedVariant = {
  name: 'stdio',
  title: 'A stdio program, brought along with its command, which needs its files and its memory',
  stage: 'dev',
  settings: {
    upstream: './functions/stdio.ts',
    upstreamVariables: { FERMATA_COMMAND: 'node server.ts', REPORTS: 'monthly' },
    workspace: true,
    tenancy: 'session',
    programMemory: 'required',
    upstreamFiles: ['examples/expense-tracker/server.ts'],
    auth: { kind: 'api-key' },
    keptStages: KEPT,
    sessions: { retryLost: 'always' },
  },
  expected: [
    deploys('Driver', 'Proxy', 'Upstream'),
    {
      says: 'the function has the command, which sees what is said to be its own, the keys, the table and the bucket',
      holds: deployment =>
        assert.deepEqual(deployment.variables('Upstream'), {
          FERMATA_COMMAND: 'node server.ts',
          REPORTS: 'monthly',
          FERMATA_ENV: 'REPORTS',
          FERMATA_WORKSPACE_BUCKET: deployment.one('aws:s3/bucket:Bucket').bucket,
          FERMATA_KEYS: SECRETS.FermataKeys,
          FERMATA_TABLE: deployment.table.name,
          FERMATA_RETRY_LOST: 'always',
          FERMATA_TENANCY: 'session',
          FERMATA_PROGRAM_MEMORY: 'required',
        }),
    },
    {
      says: 'the proxy knows that its memory is needed',
      holds: deployment => assert.equal(deployment.variables('Proxy').FERMATA_PROGRAM_MEMORY, 'required'),
    },
    {
      says: 'only the program may read and write files of sessions, and list them',
      holds: deployment => {
        const bucket = arnOf('s3', 'WorkspacesBucket');
        const objects = ['GetObject', 'PutObject', 'DeleteObject'].map(action => `s3:${action} on ${bucket}/*`);
        const onFiles = (name: string) => deployment.mayDo(name).filter(right => right.startsWith('s3:'));
        assert.deepEqual(onFiles('Upstream'), [`s3:ListBucket on ${bucket}`, ...objects]);
        assert.deepEqual([...onFiles('Proxy'), ...onFiles('Driver')], []);
      },
    },
    {
      says: 'their bucket is private, takes TLS alone, lets objects go when no session can be so old, and goes with the stage',
      holds: deployment => {
        const [rule] = deployment.one('aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration')
          .rules as unknown[];
        assert.deepEqual(recordIn(rule, 'expiration'), { days: LIMITS.lifetimeMsMax / 86_400_000 + 1 });
        const blocked = deployment.one('aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock');
        assert.deepEqual([blocked.blockPublicPolicy, blocked.restrictPublicBuckets], [true, true]);
        assert.match(JSON.stringify(deployment.one('aws:s3/bucketPolicy:BucketPolicy')), /aws:SecureTransport/);
        assert.equal(deployment.one('aws:s3/bucket:Bucket').forceDestroy, true);
      },
    },
    {
      says: 'the program lies beside the bundle in what is uploaded',
      holds: async ({ synthesis: { bundles } }) => {
        const uploaded = await readFile(join(bundles, '../artifacts/Upstream/code.zip'), 'latin1');
        for (const name of ['bundle.mjs', 'server.ts']) assert.ok(uploaded.includes(name), name);
      },
    },
  ],
};

export const VARIANTS: readonly CheckedVariant[] = [asItIs, production, elsewhere, isolated, warm, stdio, named];
