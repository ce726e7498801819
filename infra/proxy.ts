/**
 * The proxy: what clients reach, at a Function URL that streams, and under a domain of yours if you name one. The URL lets everyone
 * in unless it is told to verify signatures; who is who, is decided by the function for every single request.
 */
import { configBeside } from './config-file.ts';
import { commonArgs, type Statement } from './functions.ts';
import type { Plan } from './plan.ts';

/**
 * The longest that CloudFront waits for a byte without a raised quota. The proxy sends one every 15 s at least
 * (`keepAliveMs` in `core/base/limits.ts`).
 */
export const READ_TIMEOUT = '60 seconds';

export function deployProxy(
  plan: Plan,
  environment: Record<string, $util.Input<string>>,
  permissions: Statement[],
): sst.aws.Function {
  const router = plan.domain === undefined ? undefined : new sst.aws.Router('Router', { domain: plan.domain });
  return new sst.aws.Function('Proxy', {
    ...commonArgs(plan, {
      handler: 'functions/proxy.handler',
      description: 'Fermata: sessions and streams for MCP clients',
      memory: plan.memory.proxy,
      environment,
      permissions,
      files: configBeside($cli.paths, plan.config),
    }),
    streaming: true,
    url: {
      authorization: plan.auth === 'iam' ? 'iam' : 'none',
      // The proxy answers preflights itself; two answers would be one too many for browsers.
      cors: false,
      ...(router === undefined ? {} : { router: { instance: router, readTimeout: READ_TIMEOUT } }),
    },
    ...(plan.concurrency === undefined ? {} : { concurrency: { reserved: plan.concurrency } }),
  });
}
