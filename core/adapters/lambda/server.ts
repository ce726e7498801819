/**
 * A server hosted on AWS Lambda, of 2026-07-28 or of either era, as a `StatelessServer`, reached by invoking its function: no URL is needed, and its
 * permission is the only door.
 */
import { LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import { LIMITS } from '../../base/limits.ts';
import type { Observer } from '../../ports/observer.ts';
import type { Era } from '../../upstream/era.ts';
import { anyEraServer } from '../../upstream/era.ts';
import type { LegacyParts } from '../../upstream/legacy-server.ts';
import { upstreamServer } from '../../upstream/upstream.ts';
import type { UpstreamServer } from '../../upstream/upstream-server.ts';
import { keepingNothing } from '../../upstream/upstream-server.ts';
import { lambdaCarrier } from './carrier.ts';
import type { Tenancy } from './tenant.ts';

export interface LambdaServerOptions {
  /** Name or ARN, with a version or an alias if need be. */
  readonly functionName: string;
  /** Of the MCP endpoint within the function; `/mcp` by default. */
  readonly path?: string | undefined;
  /**
   * `stream` invokes with a response stream, which works for functions that buffer as well; `buffered` does not; `auto`, the
   * default, streams unless the endpoint cannot.
   */
  readonly mode?: 'stream' | 'buffered' | 'auto' | undefined;
  /** For functions with tenant isolation: who shares execution environments. `none` by default. */
  readonly tenant?: Tenancy | undefined;
  /** Sent with every request. `host` is `localhost` unless it is given. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** One that does not retry, since a lost invocation may have run; made from `config` unless it is given. */
  readonly client?: LambdaClient | undefined;
  readonly config?: LambdaClientConfig | undefined;
  readonly observer: Observer;
  /** What it takes to call servers of 2025 as well; without it only modern ones can be. */
  readonly legacy?: LegacyParts | undefined;
  /** Asked of the server unless it is given. */
  readonly era?: Era | undefined;
}

export function lambdaServer(options: LambdaServerOptions): UpstreamServer {
  const { functionName, path = '/mcp', mode = 'auto', tenant = 'none', headers = {}, observer } = options;
  const client = options.client ?? lambdaClient(options.config);
  const lowerCase = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const carrier = lambdaCarrier({ client, functionName, path, mode, tenancy: tenant, headers: lowerCase });
  const { legacy, era } = options;
  if (legacy === undefined) return keepingNothing(upstreamServer(carrier, observer));
  // A stream that is held is an invocation that is paid for.
  return anyEraServer(carrier, { ...legacy, follows: false, observer, era });
}

/**
 * A call may be silent as long as a round may take, and any number of them may be open: what bounds both is elsewhere. A connection
 * that was idle for a while is not used again, for the other side may have closed it.
 */
function lambdaClient(config: LambdaClientConfig = {}): LambdaClient {
  const agent = { keepAlive: true, timeout: LIMITS.upstreamIdleMs, maxSockets: Number.POSITIVE_INFINITY };
  return new LambdaClient({
    maxAttempts: 1,
    requestHandler: { requestTimeout: 0, httpAgent: agent, httpsAgent: agent },
    ...config,
  });
}
