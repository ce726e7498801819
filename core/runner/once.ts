/**
 * Makes a round run once, however often its `requestState` comes back.
 *
 * 2026-07-28, "Multi round-trip requests": `requestState` is not single-use by itself, and a broken response stream loses the
 * response, so clients send it again. The first use claims the round's nonce; its outcome is recorded before it is sent; every
 * other use gets what was recorded, or waits for it. A round whose first use was lost on the way is run again only where
 * that may be done, under the nonce of the next attempt.
 */
import type { FaultCode } from '../base/errors.ts';
import { FAULTS, Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Environment } from '../ports/environment.ts';
import type { RoundGuard } from '../ports/round-guard.ts';
import type { Outcome } from '../protocol/messages.ts';

/** What came of an attempt: an outcome; `lost` on the way, perhaps with effects; or the program was never reached. */
export type Attempt = Outcome | 'lost' | 'unreached';

export interface OnceOptions {
  readonly guard: RoundGuard;
  readonly owner: string;
  readonly environment: Environment;
  readonly nonce: string;
  readonly expiresAtMs: number;
  readonly signal: AbortSignal;
  /** Whether the program may run again although it may have run before. */
  readonly mayRepeat: () => Promise<boolean>;
}

type Memo =
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  | {
      readonly kind: 'fault';
      readonly code: string;
      readonly message: string;
      readonly data?: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'lost' | 'unreached' };

/** Runs `work` if this use is the first, else gives what came of the first. */
export async function once(options: OnceOptions, work: () => Promise<Attempt>): Promise<Attempt> {
  const { guard, owner, environment, expiresAtMs } = options;
  const giveUpAtMs = environment.now() + LIMITS.roundWaitMsMax;
  for (let attempt = 1; attempt <= LIMITS.roundAttemptsMax; ) {
    const nonce = attempt === 1 ? options.nonce : `${options.nonce}~${attempt}`;
    const nowMs = environment.now();
    const untilMs = nowMs + LIMITS.roundMsMax;
    const claim = await guard.claim(nonce, owner, nowMs, untilMs, Math.max(expiresAtMs, untilMs));
    if (claim.kind === 'claimed') return recorded(options, nonce, work);
    if (claim.kind === 'settled') {
      const memo: Memo = JSON.parse(claim.outcome);
      if (memo.kind === 'outcome') return memo.outcome;
      if (memo.kind === 'fault') throw faultIn(memo);
      if (memo.kind === 'lost') await permitted(options);
      attempt++;
    } else if (!claim.live) {
      await permitted(options);
      if (await guard.reclaim(nonce, owner, nowMs, untilMs)) return recorded(options, nonce, work);
    } else {
      if (nowMs >= giveUpAtMs) throw stillRunning();
      await pause(LIMITS.roundLookMs, options.signal);
      if (options.signal.aborted) return 'unreached';
    }
  }
  throw new Fault(
    'run_lost',
    'This round was lost again and again. Make the call again without requestState to start over.',
  );
}

/** Runs the work and records what came of it before anyone gets to know. */
async function recorded(options: OnceOptions, nonce: string, work: () => Promise<Attempt>): Promise<Attempt> {
  const record = (memo: Memo): Promise<void> => options.guard.settle(nonce, options.owner, JSON.stringify(memo));
  try {
    const attempt = await work();
    await record(typeof attempt === 'string' ? { kind: attempt } : { kind: 'outcome', outcome: attempt });
    return attempt;
  } catch (error) {
    if (error instanceof Fault) await record(memoOf(error));
    throw error;
  }
}

const memoOf = ({ code, message, data }: Fault): Memo =>
  code === 'program_unstartable' || code === 'memory_elsewhere'
    ? { kind: 'unreached' }
    : { kind: 'fault', code, message, ...(data === undefined ? {} : { data }) };

const isFaultCode = (code: string): code is FaultCode => Object.hasOwn(FAULTS, code);

function faultIn(memo: Memo & { readonly kind: 'fault' }): Fault {
  const code = isFaultCode(memo.code) ? memo.code : 'internal';
  return new Fault(code, memo.message, memo.data === undefined ? {} : { data: memo.data });
}

async function permitted(options: OnceOptions): Promise<void> {
  if (await options.mayRepeat()) return;
  throw new Fault(
    'run_lost',
    'This round ran before and its outcome was lost. The tool is not marked as repeatable (readOnlyHint or idempotentHint), ' +
      'so it is not run again. Make the call again without requestState to start over.',
  );
}

const stillRunning = (): Fault =>
  new Fault(
    'run_lost',
    'This round is still running for an earlier request with the same requestState. Try again later.',
  );

/** Resolves after a while, or when the signal is aborted. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
