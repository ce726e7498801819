/**
 * The driver: invoked asynchronously by the proxy when an exchange has its last answer. What fails is tried twice more; what fails
 * for good is put in a queue, where an alarm looks. Nothing is lost by then: the exchange in the table is still ready, and whoever
 * touches it next drives it.
 */
import { configBeside } from './config-file.ts';
import { commonArgs, type Statement } from './functions.ts';
import type { Plan } from './plan.ts';

const RETRIES = 2;
/** Throttled invocations are tried again by Lambda until they are this old. */
const EVENT_AGE_SECONDS_MAX = 3_600;
const DEAD_LETTER_SECONDS = 14 * 24 * 3_600;

export const newDeadLetters = () =>
  new sst.aws.Queue('DeadLetters', {
    transform: { queue: { messageRetentionSeconds: DEAD_LETTER_SECONDS, sqsManagedSseEnabled: true } },
  });

export function deployDriver(
  plan: Plan,
  deadLetters: sst.aws.Queue,
  environment: Record<string, $util.Input<string>>,
  permissions: Statement[],
): sst.aws.Function {
  const common = commonArgs(plan, {
    handler: 'functions/drive.handler',
    description: 'Fermata: goes on with calls whose questions are answered',
    memory: plan.memory.driver,
    environment,
    permissions: [...permissions, { actions: ['sqs:SendMessage'], resources: [deadLetters.arn] }],
    files: configBeside($cli.paths, plan.config),
  });
  return new sst.aws.Function('Driver', {
    ...common,
    retries: RETRIES,
    transform: {
      ...common.transform,
      eventInvokeConfig: {
        maximumEventAgeInSeconds: EVENT_AGE_SECONDS_MAX,
        destinationConfig: { onFailure: { destination: deadLetters.arn } },
      },
    },
  });
}
