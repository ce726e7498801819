/**
 * One execution environment: a process with a Runtime API of its own, which serves one invocation at a time and is frozen
 * (SIGSTOP) from the moment it asks for the next one until there is one.
 *
 * An invocation that takes longer than the function may is killed with its environment. What is billed runs from the delivery
 * of an event until the runtime asks for the next, so work behind a response counts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FunctionError, Invocation } from './invocation.ts';

const BOOTSTRAP = fileURLToPath(new URL('bootstrap.mjs', import.meta.url));
/** Lambda gives 10 s; here a start may have to wait for a core. */
const INIT_MS_MAX = 60_000;

export interface EnvironmentOptions {
  readonly functionName: string;
  /** `file.export`, within the task root. */
  readonly handler: string;
  readonly taskRoot: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly tenantId: string | undefined;
}

/** What one invocation is charged for. */
export interface Billed {
  readonly functionName: string;
  readonly environment: string;
  readonly requestId: string;
  /** When its event was delivered, in milliseconds since the epoch. */
  readonly atMs: number;
  readonly billedMs: number;
  /** The start of the environment, charged with its first invocation. */
  readonly initMs: number;
  readonly error: string | undefined;
}

export interface EnvironmentEvents {
  onBilled(billed: Billed): void;
  onOutput(text: string): void;
  /** It has started, or never will: once for each. */
  onStartOver(): void;
  /** Ready for an invocation. */
  onIdle(environment: Environment): void;
  onStarted(pid: number): void;
  onExit(environment: Environment): void;
}

type Phase = 'starting' | 'busy' | 'finishing' | 'frozen' | 'dead';

export class Environment {
  readonly id = randomUUID().slice(0, 8);
  readonly options: EnvironmentOptions;
  readonly #events: EnvironmentEvents;
  readonly #bornMs = Date.now();
  #child: ChildProcess | undefined;
  #server: Server | undefined;
  #phase: Phase = 'starting';
  #asking: ServerResponse | undefined;
  #current: Invocation | undefined;
  #deliveredMs = 0;
  #initMs: number | undefined;
  #initBilled = false;
  #ended: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #error: string | undefined;
  #isGone = false;

  constructor(options: EnvironmentOptions, events: EnvironmentEvents) {
    this.options = options;
    this.#events = events;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Whether its start is over, for which there is a time limit of its own. */
  get hasStarted(): boolean {
    return this.#initMs !== undefined;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the process; its first invocation may be given at once. */
  async start(): Promise<void> {
    // The runtime keeps its one connection for as long as it lives, however long an invocation takes.
    this.#server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const child = spawn(process.execPath, [BOOTSTRAP], {
      cwd: this.options.taskRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.#variables(port),
    });
    this.#child = child;
    if (child.pid !== undefined) this.#events.onStarted(child.pid);
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding('utf8').on('data', text => this.#events.onOutput(text));
    }
    child.once('exit', (code, signal) => this.#exited(signal ? `signal: ${signal}` : `exit status ${code}`));
    child.once('error', error => this.#exited(error.message));
  }

  #variables(port: number): NodeJS.ProcessEnv {
    const { functionName, handler, taskRoot, memoryMb, variables } = this.options;
    return {
      PATH: process.env.PATH,
      TZ: ':UTC',
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
      _HANDLER: handler,
      LAMBDA_TASK_ROOT: taskRoot,
      AWS_LAMBDA_FUNCTION_NAME: functionName,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
      AWS_LAMBDA_LOG_STREAM_NAME: this.id,
      // Each environment has a /tmp of its own.
      TMPDIR: mkdtempSync(join(taskRoot, 'tmp-')),
      NODE_OPTIONS: `--max-old-space-size=${memoryMb}`,
      ...variables,
    };
  }

  /** Gives it an invocation; resolves when the response is over, which may be before the environment is free again. */
  run(invocation: Invocation): Promise<void> {
    const over = new Promise<void>(resolve => {
      this.#ended = resolve;
    });
    this.#current = invocation;
    this.#error = undefined;
    if (this.#phase === 'frozen') this.#child?.kill('SIGCONT');
    this.#phase = 'busy';
    if (this.#asking === undefined) this.#limit(INIT_MS_MAX, 'Sandbox.InitTimedout');
    else this.#deliver();
    return over;
  }

  /** Stops a process at work for a while, as when its machine has no time for it; one that is frozen anyway is left alone. */
  stall(ms: number): boolean {
    if (this.#phase !== 'busy' && this.#phase !== 'finishing') return false;
    const child = this.#child;
    if (!child?.kill('SIGSTOP')) return false;
    setTimeout(() => child.kill('SIGCONT'), ms).unref();
    return true;
  }

  kill(): void {
    this.#phase = 'dead';
    if (!this.#child?.kill('SIGKILL')) this.#exited('signal: SIGKILL');
  }

  #limit(ms: number, errorType: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const errorMessage = `RequestId: ${this.#current?.requestId} Error: Task timed out after ${(ms / 1000).toFixed(2)} seconds`;
      this.#respond({ errorType, errorMessage });
      this.kill();
    }, ms);
  }

  #deliver(): void {
    const response = this.#asking;
    if (response === undefined || this.#current === undefined) return;
    this.#asking = undefined;
    this.#deliveredMs = Date.now();
    const { timeoutMs, functionName, tenantId } = this.options;
    this.#limit(timeoutMs, 'Sandbox.Timedout');
    response.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': this.#current.requestId,
      'lambda-runtime-deadline-ms': String(this.#deliveredMs + timeoutMs),
      'lambda-runtime-invoked-function-arn': `arn:aws:lambda:us-east-1:123456789012:function:${functionName}`,
      ...(tenantId === undefined ? {} : { 'lambda-runtime-aws-tenant-id': tenantId }),
    });
    response.end(this.#current.payload);
  }

  /** The response is over. The environment is not free before its runtime says so. */
  #respond(error?: FunctionError): void {
    const { sink } = this.#current ?? {};
    this.#error ??= error?.errorType;
    if (this.#phase === 'busy') this.#phase = 'finishing';
    if (sink === undefined) return;
    sink.end(error);
    this.#ended();
    this.#ended = () => undefined;
    if (this.#current !== undefined) this.#current = { ...this.#current, sink: SILENT };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (path.endsWith('/invocation/next')) return this.#next(response);
    const taken = () => response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');
    if (path.endsWith('/response')) await this.#receive(request);
    else this.#respond(JSON.parse((await bodyOf(request)).toString()));
    taken();
    if (path.endsWith('/init/error')) this.kill();
  }

  async #receive(request: IncomingMessage): Promise<void> {
    const { sink } = this.#current ?? { sink: SILENT };
    sink.begin(request.headers['content-type'] ?? 'application/octet-stream');
    for await (const chunk of request) await sink.write(chunk);
    const error = request.trailers['lambda-runtime-function-error-body'];
    this.#respond(error === undefined ? undefined : JSON.parse(Buffer.from(error, 'base64').toString()));
  }

  /** The runtime asks for an event: what it did until now is over. */
  #next(response: ServerResponse): void {
    this.#asking = response;
    if (this.#initMs === undefined) this.#startOver();
    if (this.#phase === 'dead') return;
    if (this.#current !== undefined && this.#deliveredMs === 0) {
      this.#deliver();
      return;
    }
    this.#bill();
    this.#phase = 'frozen';
    this.#child?.kill('SIGSTOP');
    this.#events.onIdle(this);
  }

  #startOver(): void {
    this.#initMs = Date.now() - this.#bornMs;
    this.#events.onStartOver();
  }

  #bill(): void {
    if (this.#current === undefined) return;
    clearTimeout(this.#timer);
    const initMs = this.#initBilled ? 0 : (this.#initMs ?? 0);
    this.#initBilled = true;
    this.#events.onBilled({
      functionName: this.options.functionName,
      environment: this.id,
      requestId: this.#current.requestId,
      atMs: this.#deliveredMs,
      billedMs: this.#deliveredMs === 0 ? 0 : Date.now() - this.#deliveredMs,
      initMs,
      error: this.#error,
    });
    this.#current = undefined;
    this.#deliveredMs = 0;
  }

  #exited(how: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#phase = 'dead';
    if (this.#initMs === undefined) this.#startOver();
    const errorMessage = `RequestId: ${this.#current?.requestId} Error: Runtime exited with error: ${how}`;
    this.#respond({ errorType: 'Runtime.ExitError', errorMessage });
    this.#bill();
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#events.onExit(this);
  }
}

const SILENT = { begin: () => undefined, write: async () => undefined, end: () => undefined };

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
