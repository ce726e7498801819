/**
 * What is watched: functions that fail or are throttled, answered calls that wait for their driver or were given up, processes
 * that died at work, and a table that refuses. How long people take is nobody's alarm, and would cost a scan to know.
 */
import type { Plan } from './plan.ts';

const PERIOD_SECONDS = 300;
const NAMESPACE = 'Fermata';
/** An answered call should go on at once; asynchronous invocations that are this old are in a jam. */
const DRIVER_WAIT_MS_MAX = 60_000;
/** What proxy and driver log when they find that the process which held a lease is gone: the call ends, or is run again. */
const LAPSE = '?"exchange.lost" ?"exchange.lapsed"';

export interface Watched {
  readonly functions: Readonly<Record<string, sst.aws.Function>>;
  readonly proxy: sst.aws.Function;
  readonly driver: sst.aws.Function;
  readonly table: sst.aws.Dynamo;
  readonly deadLetters: sst.aws.Queue;
}

interface Watch {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions?: Record<string, $util.Input<string>>;
  readonly statistic: 'Sum' | 'Maximum';
  readonly threshold?: number;
  readonly alarmDescription: string;
}

export function deployAlarms({ email }: Plan, { functions, proxy, driver, table, deadLetters }: Watched): void {
  const actions = email === undefined ? [] : [topicFor(email).arn];
  const alarm = (name: string, { threshold = 1, ...watch }: Watch): void => {
    new aws.cloudwatch.MetricAlarm(name, {
      name: `${$app.name}-${$app.stage}-${name}`,
      ...watch,
      threshold,
      comparisonOperator: 'GreaterThanOrEqualToThreshold',
      period: PERIOD_SECONDS,
      evaluationPeriods: 1,
      // Nothing happened is nothing wrong: a deployment that nobody uses reports no numbers.
      treatMissingData: 'notBreaching',
      alarmActions: actions,
      okActions: actions,
    });
  };
  for (const [name, { name: FunctionName }] of Object.entries(functions)) {
    const watch = { namespace: 'AWS/Lambda', dimensions: { FunctionName }, statistic: 'Sum' } as const;
    alarm(`${name}Errors`, {
      ...watch,
      metricName: 'Errors',
      alarmDescription: `${name} failed: see its log for the last lines before the error.`,
    });
    alarm(`${name}Throttles`, {
      ...watch,
      metricName: 'Throttles',
      alarmDescription: `${name} was refused executions: raise the account's concurrency, or the setting "concurrency".`,
    });
  }
  alarm('DriverWait', {
    namespace: 'AWS/Lambda',
    metricName: 'AsyncEventAge',
    dimensions: { FunctionName: driver.name },
    statistic: 'Maximum',
    threshold: DRIVER_WAIT_MS_MAX,
    alarmDescription:
      'Calls whose questions are answered wait for the driver: it is throttled, or it fails and is retried.',
  });
  alarm('DeadLettersFound', {
    namespace: 'AWS/SQS',
    metricName: 'ApproximateNumberOfMessagesVisible',
    dimensions: { QueueName: deadLetters.nodes.queue.name },
    statistic: 'Maximum',
    alarmDescription:
      'The driver gave up on a call; the message in the queue says which, and why. The call goes on when its client asks.',
  });
  for (const kind of ['Read', 'Write']) {
    alarm(`Table${kind}Throttles`, {
      namespace: 'AWS/DynamoDB',
      metricName: `${kind}ThrottleEvents`,
      dimensions: { TableName: table.name },
      statistic: 'Sum',
      alarmDescription: `The table refused ${kind.toLowerCase()}s: one session or stream is hotter than a partition, or the account's quota is reached.`,
    });
  }
  deployLapses({ Proxy: proxy, Driver: driver });
  alarm('Lapses', {
    namespace: NAMESPACE,
    metricName: lapsesOf(),
    statistic: 'Sum',
    alarmDescription: 'A process died while it worked on a call: look for time-outs and for memory that ran out.',
  });
}

/** The stage is in the name, since a metric of a log filter has no dimension of its own. */
const lapsesOf = (): string => `${$app.name}-${$app.stage}-lapses`;

function deployLapses(functions: Watched['functions']): void {
  for (const [name, watched] of Object.entries(functions)) {
    watched.nodes.logGroup.apply(logs => {
      if (logs === undefined) return;
      new aws.cloudwatch.LogMetricFilter(`${name}Lapses`, {
        logGroupName: logs.name,
        pattern: LAPSE,
        metricTransformation: { namespace: NAMESPACE, name: lapsesOf(), value: '1', unit: 'Count' },
      });
    });
  }
}

function topicFor(email: string): aws.sns.Topic {
  const topic = new aws.sns.Topic('Alarms');
  new aws.sns.TopicSubscription('AlarmsByEmail', { topic: topic.arn, protocol: 'email', endpoint: email });
  return topic;
}
