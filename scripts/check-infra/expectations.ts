/**
 * What must be true of every stage, whatever the settings. What depends on them stands in `variants.ts`.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Deployment, recordIn } from './deployment.ts';
import { ACCOUNT, REGION, SECRETS } from './mocks.ts';
import { startBundle } from './start-bundle.ts';

export interface Expectation {
  readonly says: string;
  readonly holds: (deployment: Deployment) => void | Promise<void>;
}

/** The archive has the configuration beside the code; so must the folder, for the code to find it. */
async function bringConfig({ synthesis }: Deployment, folder: string): Promise<void> {
  const written = join(synthesis.bundles, '../fermata/fermata.config.json');
  if (existsSync(written)) await copyFile(written, join(folder, 'fermata.config.json'));
}

const ALARMS_OF_FUNCTIONS = ['Errors', 'Throttles'];

/** What holds in every stage, whatever the settings. */
export const ALWAYS: readonly Expectation[] = [
  {
    says: 'the table has the keys and the TTL of the stores, and is paid per request',
    holds: ({ table }) => {
      assert.deepEqual([table.hashKey, table.rangeKey], ['pk', 'sk']);
      assert.deepEqual(table.attributes, [
        { name: 'pk', type: 'S' },
        { name: 'sk', type: 'S' },
      ]);
      assert.deepEqual(table.ttl, { attributeName: 'ttl', enabled: true });
      assert.equal(table.billingMode, 'PAY_PER_REQUEST');
      assert.deepEqual(table.globalSecondaryIndexes, []);
    },
  },
  {
    says: 'the table is encrypted with a key of the account, and can be restored to any point in time',
    holds: ({ table }) => {
      assert.deepEqual(table.serverSideEncryption, { enabled: true });
      assert.deepEqual(table.pointInTimeRecovery, { enabled: true });
    },
  },
  {
    says: 'every function runs Node 24 on arm64 for 15 minutes at most',
    holds: deployment => {
      for (const name of deployment.functions) {
        const { runtime, architectures, timeout } = deployment.lambda(name);
        assert.deepEqual([runtime, architectures, timeout], ['nodejs24.x', ['arm64'], 900], name);
      }
    },
  },
  {
    says: "the proxy's bundle has 600 kB at most, and loads nothing of Node's undici with node:http: plugins reach the bundler as SST runs them",
    holds: async deployment => {
      const bytes = deployment.synthesis.sizes.Proxy ?? Number.NaN;
      assert.ok(bytes <= 600_000, `it has ${bytes} bytes`);
      const text = await readFile(join(deployment.synthesis.bundles, 'Proxy/bundle.mjs'), 'utf8');
      assert.match(text, /process\.getBuiltinModule\("node:http"\)/);
      assert.doesNotMatch(text, /\b(?:from ?|import\()"node:http"/);
    },
  },
  {
    says: 'every bundle starts with the variables that are set for it, and exports its handler',
    holds: async deployment => {
      for (const name of deployment.functions) {
        const { handler } = deployment.lambda(name);
        assert.equal(handler, 'bundle.handler');
        const folder = join(deployment.synthesis.bundles, name);
        await bringConfig(deployment, folder);
        await startBundle(join(folder, 'bundle.mjs'), deployment.variables(name));
      }
    },
  },
  {
    says: 'every variable that is set is read by the bundle it is set for',
    holds: async deployment => {
      for (const name of deployment.functions) {
        const text = await readFile(join(deployment.synthesis.bundles, name, 'bundle.mjs'), 'utf8');
        const ours = Object.keys(deployment.variables(name)).filter(variable => variable.startsWith('FERMATA_'));
        const unread = ours.filter(variable => !text.includes(variable));
        assert.deepEqual(unread, [], `${name} does not read ${unread.join(', ')}`);
      }
    },
  },
  {
    says: 'variables with secrets are secrets in the state of the deployment',
    holds: deployment => {
      for (const name of deployment.functions) {
        const hasKeys = 'FERMATA_KEYS' in deployment.variables(name);
        assert.equal(deployment.hidesVariables(name), hasKeys, name);
      }
    },
  },
  {
    says: 'no statement allows every action, or anything on everything but the objects of one bucket',
    holds: deployment => {
      for (const name of deployment.functions) {
        for (const { actions, resources } of deployment.statements(name)) {
          assert.ok(!actions.some(action => action.includes('*')), `${name} may ${actions.join(', ')}`);
          const wide = resources.filter(resource => resource.replace(/^(arn:aws:s3:[^*]+)\/\*$/, '$1').includes('*'));
          assert.deepEqual(wide, [], `${name} on ${wide.join(', ')}`);
        }
        assert.deepEqual(deployment.role(name).managedPolicyArns, [
          'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
        ]);
      }
    },
  },
  {
    says: 'only Lambda may take on the role of a function',
    holds: deployment => {
      for (const name of deployment.functions) {
        const trust = JSON.stringify(deployment.role(name).assumeRolePolicy);
        assert.match(trust, /lambda\.amazonaws\.com/);
        assert.doesNotMatch(trust, /:root/, name);
      }
    },
  },
  {
    says: 'the URL of the proxy streams, leaves CORS to the proxy, and is the only one',
    holds: deployment => {
      const { invokeMode, cors } = deployment.url();
      assert.deepEqual([invokeMode, cors], ['RESPONSE_STREAM', undefined]);
      assert.equal(deployment.all('aws:lambda/functionUrl:FunctionUrl').length, 1);
    },
  },
  {
    says: 'the proxy knows its table, its upstream and its driver, and has its keys from a secret',
    holds: deployment => {
      const variables = deployment.variables('Proxy');
      assert.equal(variables.FERMATA_TABLE, deployment.table.name);
      assert.equal(variables.FERMATA_DRIVER, deployment.lambda('Driver').name);
      assert.equal(variables.FERMATA_UPSTREAM, deployment.synthesis.outputs.upstream);
      assert.equal(variables.FERMATA_KEYS, SECRETS.FermataKeys);
    },
  },
  {
    says: 'the driver is retried twice, for an hour, and then leaves a message where an alarm looks',
    holds: deployment => {
      const config = deployment.one('aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig');
      const { name } = deployment.one('aws:sqs/queue:Queue');
      const destination = `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
      assert.equal(config.functionName, deployment.lambda('Driver').name);
      assert.deepEqual([config.maximumRetryAttempts, config.maximumEventAgeInSeconds], [2, 3_600]);
      assert.deepEqual(config.destinationConfig, { onFailure: { destination } });
      assert.ok(
        deployment
          .statements('Driver')
          .some(({ actions, resources }) => actions.includes('sqs:SendMessage') && resources.includes(destination)),
      );
      assert.deepEqual(recordIn(deployment.alarm('DeadLettersFound'), 'dimensions'), { QueueName: name });
    },
  },
  {
    says: 'the dead letters are encrypted and kept for two weeks',
    holds: deployment => {
      const { messageRetentionSeconds, sqsManagedSseEnabled } = deployment.one('aws:sqs/queue:Queue');
      assert.deepEqual([messageRetentionSeconds, sqsManagedSseEnabled], [1_209_600, true]);
    },
  },
  {
    says: 'every function has alarms for errors and throttles, and a log that ends some day',
    holds: deployment => {
      for (const name of deployment.functions) {
        for (const metric of ALARMS_OF_FUNCTIONS) {
          const { metricName, namespace, dimensions } = deployment.alarm(`${name}${metric}`);
          assert.deepEqual([namespace, metricName], ['AWS/Lambda', metric]);
          assert.deepEqual(dimensions, { FunctionName: deployment.lambda(name).name });
        }
        assert.ok(Number(deployment.one('aws:cloudwatch/logGroup:LogGroup', `${name}LogGroup`).retentionInDays) > 0);
      }
    },
  },
  {
    says: 'lapsed leases are counted from the logs of proxy and driver, in a metric of the stage that has an alarm',
    holds: deployment => {
      const { stage } = deployment.synthesis.app;
      const { metricName, namespace } = deployment.alarm('Lapses');
      assert.deepEqual([namespace, metricName], ['Fermata', `fermata-${stage}-lapses`]);
      const filters = deployment.all('aws:cloudwatch/logMetricFilter:LogMetricFilter');
      assert.deepEqual(filters.map(({ name }) => name).sort(), ['DriverLapses', 'ProxyLapses']);
      for (const { inputs } of filters) {
        assert.equal(inputs.pattern, '?"exchange.lost" ?"exchange.lapsed"');
        const { namespace: space, name } = recordIn(inputs, 'metricTransformation');
        assert.deepEqual([space, name], ['Fermata', metricName]);
      }
    },
  },
  {
    says: 'answered calls that wait a minute for their driver raise an alarm, and so does a table that refuses',
    holds: deployment => {
      const { metricName, threshold, statistic } = deployment.alarm('DriverWait');
      assert.deepEqual([metricName, threshold, statistic], ['AsyncEventAge', 60_000, 'Maximum']);
      for (const kind of ['Read', 'Write']) {
        const alarm = deployment.alarm(`Table${kind}Throttles`);
        assert.equal(alarm.metricName, `${kind}ThrottleEvents`);
        assert.deepEqual(alarm.dimensions, { TableName: deployment.table.name });
      }
    },
  },
  {
    says: 'silence is no alarm, and alarms are named for their stage',
    holds: deployment => {
      const { stage } = deployment.synthesis.app;
      for (const { name, inputs } of deployment.all('aws:cloudwatch/metricAlarm:MetricAlarm')) {
        assert.equal(inputs.treatMissingData, 'notBreaching', name);
        assert.equal(inputs.name, `fermata-${stage}-${name}`);
      }
    },
  },
];
