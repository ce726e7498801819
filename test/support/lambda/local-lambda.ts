/**
 * AWS Lambda on this machine: the real wire protocol for the real `@aws-sdk/client-lambda`, and functions in processes of their
 * own that are frozen between invocations. Loopback only, for tests and for trying things out without an account.
 *
 * What it does not imitate: code size, IAM, provisioned capacity, and the time a microVM takes to start.
 */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Billed } from './environment.ts';
import { type FunctionOptions, LocalFunction } from './function.ts';
import { answerUrl } from './function-url.ts';
import { answerInvoke } from './invoke-api.ts';
import { Keeper } from './keeper.ts';
import { Starts } from './starts.ts';

export type { FunctionOptions } from './function.ts';

export class LocalLambda implements AsyncDisposable {
  readonly #functions = new Map<string, LocalFunction>();
  readonly #servers: Server[] = [];
  readonly #urls = new Map<string, string>();
  readonly #asynchronous = new Set<Promise<void>>();
  readonly #keeper = new Keeper();
  readonly #starts = new Starts();
  /** For `AWS_ENDPOINT_URL_LAMBDA`. */
  endpoint = '';

  /** Starts the service without functions. */
  static async start(): Promise<LocalLambda> {
    const lambda = new LocalLambda();
    lambda.endpoint = await lambda.#listen((request, response) => {
      void answerInvoke(lambda.#functions, lambda.#asynchronous, request, response);
    });
    return lambda;
  }

  async #listen(listener: RequestListener, port = 0): Promise<string> {
    const server = createServer(listener).listen(port, '127.0.0.1');
    await once(server, 'listening');
    this.#servers.push(server);
    const address = server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  /** What the SDK's clients read from the environment; every function has it as well. */
  get variables(): Record<string, string> {
    return {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_LAMBDA: this.endpoint,
    };
  }

  async create(name: string, options: FunctionOptions): Promise<LocalFunction> {
    const created = new LocalFunction(name, options, {
      keeper: this.#keeper,
      starts: this.#starts,
      variables: this.variables,
    });
    this.#functions.set(name, created);
    if (options.url !== undefined) {
      const listener: RequestListener = (request, response) => void answerUrl(created, request, response);
      this.#urls.set(name, await this.#listen(listener, options.urlPort));
    }
    return created;
  }

  get functions(): readonly LocalFunction[] {
    return [...this.#functions.values()];
  }

  get(name: string): LocalFunction {
    const found = this.#functions.get(name);
    if (found === undefined) throw new Error(`There is no function ${name}.`);
    return found;
  }

  urlOf(name: string): string {
    const url = this.#urls.get(name);
    if (url === undefined) throw new Error(`The function ${name} has no URL.`);
    return url;
  }

  /** What all functions were charged so far. */
  get billed(): readonly Billed[] {
    return this.functions.flatMap(({ billed }) => billed);
  }

  /** Resolves when no asynchronous invocation is open any more. */
  async settled(): Promise<void> {
    while (this.#asynchronous.size > 0) await Promise.all(this.#asynchronous);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.functions) each.close();
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
    this.#keeper.close();
  }
}
