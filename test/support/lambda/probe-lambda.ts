/** A local Lambda whose functions have the handlers of `handlers/probe.ts`, and a client of the AWS SDK for it. */
import { InvokeCommand, InvokeWithResponseStreamCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { bundle } from './bundle.ts';
import type { FunctionOptions } from './function.ts';
import { LocalLambda } from './local-lambda.ts';

type Handler = 'buffered' | 'streaming' | 'web' | 'whole';

/** By name of the function: its handler and what else is said of it. */
export type Probes = Readonly<Record<string, { readonly is: Handler } & Omit<FunctionOptions, 'handler' | 'taskRoot'>>>;

export interface StreamedAnswer {
  readonly chunks: readonly string[];
  readonly errorCode: string | undefined;
}

export class ProbeLambda implements AsyncDisposable {
  readonly lambda: LocalLambda;
  readonly client: LambdaClient;
  readonly #dispose: () => void;

  constructor(lambda: LocalLambda, dispose: () => void) {
    this.lambda = lambda;
    this.#dispose = dispose;
    this.client = new LambdaClient({
      endpoint: lambda.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    });
  }

  static async start(probes: Probes): Promise<ProbeLambda> {
    const bundled = await bundle({ probe: 'test/support/lambda/handlers/probe.ts' });
    const lambda = await LocalLambda.start();
    for (const [name, { is, ...options }] of Object.entries(probes)) {
      await lambda.create(name, { handler: `probe.${is}`, taskRoot: bundled.folder, ...options });
    }
    return new ProbeLambda(lambda, () => bundled[Symbol.dispose]());
  }

  /** The answer of a buffered invocation, and the error it may have ended with. */
  async invoke(FunctionName: string, payload: unknown, TenantId?: string) {
    const input = { FunctionName, Payload: JSON.stringify(payload), ...(TenantId === undefined ? {} : { TenantId }) };
    const { Payload, FunctionError } = await this.client.send(new InvokeCommand(input));
    const answer: Record<string, unknown> = JSON.parse(Buffer.from(Payload ?? []).toString() || '{}');
    return { answer, failed: FunctionError };
  }

  async stream(FunctionName: string, payload: unknown): Promise<StreamedAnswer> {
    const command = new InvokeWithResponseStreamCommand({ FunctionName, Payload: JSON.stringify(payload) });
    const { EventStream = [] } = await this.client.send(command);
    const chunks: string[] = [];
    let errorCode: string | undefined;
    for await (const { PayloadChunk, InvokeComplete } of EventStream) {
      if (PayloadChunk?.Payload) chunks.push(Buffer.from(PayloadChunk.Payload).toString());
      errorCode ??= InvokeComplete?.ErrorCode;
    }
    return { chunks, errorCode };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.destroy();
    await this.lambda[Symbol.asyncDispose]();
    this.#dispose();
  }
}
