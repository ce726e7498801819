/**
 * A function of the local Lambda: its environments, its limits, and what its invocations were charged.
 *
 * An invocation goes to an environment that waits for the same tenant, or to a new one. One that is about to be free is waited
 * for briefly, as Lambda's queues do; and where a new one cannot start at once, any that becomes free is taken.
 */
import type { Billed } from './environment.ts';
import { Environment } from './environment.ts';
import type { Invocation } from './invocation.ts';
import { Refusal } from './invocation.ts';
import type { Keeper } from './keeper.ts';
import type { Starts } from './starts.ts';

export interface FunctionOptions {
  /** `file.export`, in the folder `taskRoot`. */
  readonly handler: string;
  readonly taskRoot: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly memoryMb?: number;
  /** Reserved concurrency: invocations beyond it are throttled. */
  readonly concurrency?: number;
  /** Every invocation has a tenant, and no environment serves two. */
  readonly isTenanted?: boolean;
  readonly url?: 'BUFFERED' | 'RESPONSE_STREAM';
  /** Where the URL listens; a free port if it does not matter. */
  readonly urlPort?: number;
  /** The caller that the URL names as verified, as it does in the authorization type `AWS_IAM`. */
  readonly urlCallerArn?: string;
  /** Pauses before an asynchronous invocation that failed is made again; then it is a dead letter. */
  readonly retryPausesMs?: readonly number[];
  /** Told of everything that its environments write. */
  readonly onOutput?: (text: string) => void;
}

/** What the functions of one Lambda share. */
export interface Machine {
  readonly keeper: Keeper;
  readonly starts: Starts;
  readonly variables: Readonly<Record<string, string>>;
}

const FINISHING_MS_MAX = 25;
const OUTPUT_CHARACTERS_MAX = 65_536;

export class LocalFunction {
  readonly name: string;
  readonly options: FunctionOptions;
  readonly environments = new Set<Environment>();
  readonly billed: Billed[] = [];
  readonly deadLetters: { readonly payload: Buffer; readonly errorType: string }[] = [];
  /** What its environments wrote, the last of it. */
  output = '';
  readonly #keeper: Keeper;
  readonly #starts: Starts;
  readonly #variables: Readonly<Record<string, string>>;
  readonly #waiting = new Set<() => void>();
  #throttled = 0;
  #isClosed = false;
  /** Invocations that have no environment yet. */
  #queued = 0;

  constructor(name: string, options: FunctionOptions, machine: Machine) {
    const { keeper, starts, variables } = machine;
    this.name = name;
    this.options = options;
    this.#keeper = keeper;
    this.#starts = starts;
    this.#variables = variables;
  }

  /** Refuses the next invocations for want of capacity. */
  throttle(invocations: number): void {
    this.#throttled = invocations;
  }

  /** Resolves when the response is over. Throws a `Refusal` if it is not taken. */
  async invoke(invocation: Invocation): Promise<void> {
    this.#admit(invocation);
    const { tenantId } = invocation;
    const isThere = (phase: string): boolean => this.#environmentIn(phase, tenantId) !== undefined;
    this.#queued++;
    if (!isThere('frozen') && isThere('finishing')) await this.#change(FINISHING_MS_MAX);
    for (;;) {
      if (this.#isClosed) throw new Refusal(503, 'ServiceException', 'The function is gone.');
      // Found and taken in one go, so that no other invocation takes it in between.
      const environment = this.#environmentIn('frozen', tenantId) ?? this.#create(tenantId);
      if (environment === undefined) {
        await this.#change();
        continue;
      }
      this.#queued--;
      return environment.run(invocation);
    }
  }

  #admit({ tenantId }: Invocation): void {
    const { isTenanted = false, concurrency } = this.options;
    if (isTenanted !== (tenantId !== undefined)) {
      const is = isTenanted ? 'is' : 'is not';
      throw new Refusal(
        400,
        'InvalidParameterValueException',
        `The invoked function ${is} enabled with tenancy configuration. ${isTenanted ? 'Add a valid' : 'Remove the'} tenant ID.`,
      );
    }
    const busy = [...this.environments].filter(({ phase }) => phase !== 'frozen').length;
    if (this.#throttled > 0 || busy + this.#queued >= (concurrency ?? Number.POSITIVE_INFINITY)) {
      this.#throttled = Math.max(0, this.#throttled - 1);
      const reason = 'ReservedFunctionConcurrentInvocationLimitExceeded';
      throw new Refusal(429, 'TooManyRequestsException', 'Rate Exceeded.', reason);
    }
  }

  #environmentIn(phase: string, tenantId: string | undefined): Environment | undefined {
    return [...this.environments].find(each => each.phase === phase && each.options.tenantId === tenantId);
  }

  /** Resolves when an environment may have become free, or may start; and after a time, if one is given. */
  #change(ms?: number): Promise<void> {
    return new Promise(resolve => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        unwatch();
        resolve();
      };
      const timer = ms === undefined ? undefined : setTimeout(wake, ms);
      const unwatch = this.#starts.watch(wake);
      this.#waiting.add(wake);
    });
  }

  /** A new environment, unless others have to start first. */
  #create(tenantId: string | undefined): Environment | undefined {
    if (!this.#starts.begin()) return undefined;
    const { handler, taskRoot, timeoutMs = 3_000, memoryMb = 256, variables } = this.options;
    const environment = new Environment(
      {
        functionName: this.name,
        handler,
        taskRoot,
        timeoutMs,
        memoryMb,
        tenantId,
        variables: { ...this.#variables, ...variables },
      },
      {
        onBilled: billed => this.billed.push(billed),
        onOutput: text => {
          this.output = `${this.output}${text}`.slice(-OUTPUT_CHARACTERS_MAX);
          this.options.onOutput?.(text);
        },
        onStartOver: () => this.#starts.over(),
        onIdle: () => this.#wake(),
        onStarted: pid => this.#keeper.began(pid),
        onExit: gone => {
          this.environments.delete(gone);
          this.#wake();
          if (gone.pid !== undefined) this.#keeper.ended(gone.pid);
        },
      },
    );
    this.environments.add(environment);
    void environment.start();
    return environment;
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves when no environment works any more. */
  async quiet(): Promise<void> {
    while (this.#queued > 0 || [...this.environments].some(({ phase }) => phase !== 'frozen')) await this.#change();
  }

  /** Takes nothing more, and kills what there is. */
  close(): void {
    this.#isClosed = true;
    this.kill();
    this.#wake();
  }

  /** Kills its environments, frozen ones and busy ones; all, or those in a phase. */
  kill(phase?: Environment['phase']): number {
    const killed = [...this.environments].filter(environment => phase === undefined || environment.phase === phase);
    for (const environment of killed) environment.kill();
    return killed.length;
  }
}
