/**
 * The whole of what is deployed to AWS, on loopback: table, proxy with its URL, driver, and an upstream, each function from its
 * bundle. What runs is what is deployed; only the endpoints of the AWS clients are others.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createTable } from '../../../core/adapters/dynamodb/schema.ts';
import { dynamodbClient } from '../../../core/adapters/dynamodb/stores.ts';
import { newApiKey } from '../../../core/http/api-keys.ts';
import { type Emulator, startEmulator } from '../dynamodb/emulator.ts';
import { type Bundled, bundle } from './bundle.ts';
import type { Billed } from './environment.ts';
import type { LocalFunction } from './function.ts';
import { LocalLambda } from './local-lambda.ts';

/** The functions there are to stand behind the proxy, by name. */
const UPSTREAMS = {
  runner: { source: 'functions/runner.ts', isProgram: true },
  stdio: {
    source: 'functions/stdio.ts',
    isProgram: true,
    variables: { FERMATA_COMMAND: 'node program.mjs', FERMATA_ENV: 'EXPENSES_FILE' },
  },
  express: { source: 'functions/express.ts' },
} as const;
export type UpstreamName = keyof typeof UPSTREAMS;

/** Another function: the file of its handler from the project's folder, and what it needs. */
export interface UpstreamSource {
  readonly source: string;
  /** What the file exports; `handler` unless it is said. */
  readonly exported?: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** Whether it runs a program, which is known to be of 2026. */
  readonly isProgram?: boolean;
  /** Whether the function isolates tenants: proxy and driver need to name them. */
  readonly isTenanted?: boolean;
}

/** A server that is served elsewhere. */
export interface UpstreamUrl {
  readonly url: string;
}

export interface DeploymentOptions {
  readonly upstream: UpstreamName | UpstreamSource | UpstreamUrl;
  /** Added to those of proxy and driver. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Who calls, verified by the URL as with `AWS_IAM`. Without it callers need the key in `headers`. */
  readonly callerArn?: string;
  /** Where the URL of the proxy listens. */
  readonly port?: number;
  readonly timeoutMs?: number;
  /** Where the functions find the DynamoDB that listens at an endpoint: something may stand in between. */
  readonly between?: (endpoint: string) => Promise<string>;
  /** Told of everything that functions write. */
  readonly onOutput?: (name: string, text: string) => void;
}

const TABLE = 'fermata';
/** As long as any test waits: where running out of time is the point, the test says less. */
const TIMEOUT_MS = 120_000;

export class Deployment implements AsyncDisposable {
  readonly lambda: LocalLambda;
  /** Of the MCP endpoint. */
  readonly url: string;
  /** What every request needs. */
  readonly headers: Readonly<Record<string, string>>;
  readonly sizes: Readonly<Record<string, number>>;
  readonly #emulator: Emulator;
  readonly #bundled: Bundled;

  constructor(parts: { lambda: LocalLambda; url: string; key: string; emulator: Emulator; bundled: Bundled }) {
    this.lambda = parts.lambda;
    this.url = parts.url;
    this.headers = { authorization: `Bearer ${parts.key}` };
    this.sizes = parts.bundled.sizes;
    this.#emulator = parts.emulator;
    this.#bundled = parts.bundled;
  }

  static async start(options: DeploymentOptions): Promise<Deployment> {
    const { callerArn, port, timeoutMs = TIMEOUT_MS, between = async (endpoint: string) => endpoint } = options;
    const behindIt: UpstreamSource | UpstreamUrl =
      typeof options.upstream === 'string' ? UPSTREAMS[options.upstream] : options.upstream;
    const upstream = 'url' in behindIt ? {} : { upstream: behindIt.source };
    const sources = { proxy: 'functions/proxy.ts', drive: 'functions/drive.ts', ...upstream };
    const programs = options.upstream === 'stdio' ? { program: 'examples/expense-tracker/stdio.ts' } : {};
    const [emulator, bundled, lambda] = await Promise.all([
      startEmulator(),
      bundle({ ...sources, ...programs }),
      LocalLambda.start(),
    ]);
    const { key, line } = newApiKey('tester');
    const keys = { FERMATA_KEYS: `k1:${randomBytes(32).toString('base64')}` };
    const store = { AWS_ENDPOINT_URL_DYNAMODB: await between(emulator.endpoint), FERMATA_TABLE: TABLE };
    await prepareTable(lambda, emulator);
    const common = (name: string) => ({
      taskRoot: bundled.folder,
      timeoutMs,
      retryPausesMs: [200, 500],
      ...(options.onOutput && { onOutput: (text: string) => options.onOutput?.(name, text) }),
    });
    const behind = { ...keys, ...store, ...addressOf(behindIt), ...options.variables };
    if (!('url' in behindIt)) {
      const EXPENSES_FILE = join(bundled.folder, 'expenses.jsonl');
      await lambda.create('upstream', {
        ...common('upstream'),
        handler: `upstream.${behindIt.exported ?? 'handler'}`,
        isTenanted: behindIt.isTenanted ?? false,
        variables: { ...keys, ...store, ...behindIt.variables, EXPENSES_FILE },
      });
    }
    await lambda.create('driver', { ...common('driver'), handler: 'drive.handler', variables: behind });
    const entry: Record<string, string> =
      callerArn === undefined ? { FERMATA_AUTH: 'api-key', FERMATA_API_KEYS: line } : { FERMATA_AUTH: 'iam' };
    try {
      await lambda.create('proxy', {
        ...common('proxy'),
        handler: 'proxy.handler',
        url: 'RESPONSE_STREAM',
        ...(port !== undefined && { urlPort: port }),
        ...(callerArn !== undefined && { urlCallerArn: callerArn }),
        variables: { ...entry, FERMATA_DRIVER: 'driver', ...behind },
      });
    } catch (error) {
      await lambda[Symbol.asyncDispose]();
      await emulator.stop();
      bundled[Symbol.dispose]();
      throw error;
    }
    return new Deployment({ lambda, url: `${lambda.urlOf('proxy')}/mcp`, key, emulator, bundled });
  }

  get functions(): readonly LocalFunction[] {
    return this.lambda.functions;
  }

  /** Resolves when nothing runs any more: all environments are frozen or gone, and no order is under way. */
  async quiet(): Promise<void> {
    await this.lambda.settled();
    await Promise.all(this.functions.map(each => each.quiet()));
  }

  /** Kills every environment there is. */
  killAll(): number {
    return this.functions.reduce((sum, each) => sum + each.kill(), 0);
  }

  /**
   * What all functions were charged for since the last time this was asked: proxy, driver and upstream, from the delivery of
   * each event until the runtime asked for the next, and the start of every new environment.
   */
  takeBilled(): readonly Billed[] {
    return this.functions.flatMap(each => each.billed.splice(0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lambda[Symbol.asyncDispose]();
    await this.#emulator.stop();
    this.#bundled[Symbol.dispose]();
  }
}

/** How proxy and driver know what stands behind them. */
function addressOf(upstream: UpstreamSource | UpstreamUrl): Record<string, string> {
  if ('url' in upstream) return { FERMATA_UPSTREAM: upstream.url };
  return { FERMATA_UPSTREAM: 'upstream', ...(upstream.isProgram && { FERMATA_UPSTREAM_KIND: 'program' }) };
}

async function prepareTable(lambda: LocalLambda, { endpoint }: Emulator): Promise<void> {
  const {
    AWS_REGION: region = '',
    AWS_ACCESS_KEY_ID: accessKeyId = '',
    AWS_SECRET_ACCESS_KEY: secretAccessKey = '',
  } = lambda.variables;
  const client = dynamodbClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  await createTable(client, TABLE);
  client.destroy();
}
