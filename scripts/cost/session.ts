/**
 * What a session uses, counted: seconds of each function, requests, read and write units. The session is an example, and every
 * number of it stands here; the units of DynamoDB are those that `npm run budget` measures.
 */
import { LIMITS } from '../../core/base/limits.ts';

/** Half an hour of work: calls that report progress, and every fourth of them asks a person who takes two minutes. */
export const SESSION = {
  seconds: 1_800,
  calls: 20,
  secondsOfCall: 3,
  progressOfCall: 10,
  questions: 5,
  secondsOfAnswer: 120,
  /** `initialize`, `notifications/initialized`, `tools/list`. */
  otherRequests: 3,
} as const;

/** How the deployment is set: `infra/settings.ts` and its defaults. */
export const DEPLOYMENT = {
  proxyGb: 0.5,
  upstreamGb: 0.5,
  /** A request that waits for nothing: the session is loaded, something is written, the response leaves. */
  secondsOfRequest: 0.05,
  /** How long a connection is held before its client is told to come back. */
  holdSeconds: 3,
  alarms: 11,
} as const;

/** DynamoDB, as measured: `docs/dynamodb.md`. */
export const UNITS = {
  writesOfInitialize: 1,
  /** A session is written at most ten times per idle time-out, which is a quarter of an hour. */
  touchesOfQuarter: 10,
  readsOfRequest: 0.5,
  /** The exchange as it begins, and its result, in the exchange and in the stream. */
  writesOfPromotedCall: 3,
  /** Progress that comes slower than writes go is a write each. */
  writesOfProgress: 1,
  writesOfQuestion: 6,
  readsOfQuestion: 13.5,
  readsOfHeldSecond: 2,
  /** The session, the exchange and the end of the stream. */
  readsOfPoll: 2.5,
} as const;

export interface Usage {
  readonly proxySeconds: number;
  readonly driverSeconds: number;
  readonly upstreamSeconds: number;
  readonly requests: number;
  readonly writes: number;
  readonly reads: number;
}

export interface Mode {
  readonly name: string;
  readonly says: string;
  readonly usage: Usage;
}

const { calls, secondsOfCall, questions, secondsOfAnswer } = SESSION;
const workSeconds = calls * secondsOfCall;
const waitSeconds = questions * secondsOfAnswer;
/** Half of the work of a call that asks comes before its question. */
const workAfterAnswers = (questions * secondsOfCall) / 2;
/** The first connection of a call that asks: it lasts from the call on, so part of it is work. */
const heldAfterQuestions = questions * Math.max(0, DEPLOYMENT.holdSeconds - secondsOfCall / 2);
const requestSeconds = DEPLOYMENT.secondsOfRequest;
const clientRequests = SESSION.otherRequests + calls + questions;
const upstreamRequests = calls + questions;

const writes =
  UNITS.writesOfInitialize +
  UNITS.touchesOfQuarter * (SESSION.seconds / 900) +
  (calls - questions) * UNITS.writesOfPromotedCall +
  calls * SESSION.progressOfCall * UNITS.writesOfProgress +
  questions * UNITS.writesOfQuestion;
const readsWithoutWaiting = clientRequests * UNITS.readsOfRequest + questions * UNITS.readsOfQuestion;
/** Of the requests that do no more than to arrive. */
const quickSeconds = (SESSION.otherRequests + questions) * requestSeconds;

/** Clients are told to come back less often the longer a question is open. */
export const POLL_SECONDS_MAX = LIMITS.retryMsMax / 1_000;

function pollsOfWait(seconds: number): number {
  let polls = 0;
  for (let age = DEPLOYMENT.holdSeconds; age < seconds; polls++) {
    const pauseMs = (LIMITS.retryMsMax * age * 1_000) / LIMITS.retryGrowthMs;
    age += Math.min(LIMITS.retryMsMax, Math.max(LIMITS.retryMs, pauseMs)) / 1_000;
  }
  return polls;
}

const polls = questions * pollsOfWait(secondsOfAnswer);

const standing: Usage = {
  proxySeconds: SESSION.seconds + workSeconds + waitSeconds + quickSeconds,
  driverSeconds: 0,
  upstreamSeconds: workSeconds + waitSeconds,
  requests: 1 + clientRequests + calls,
  writes,
  reads: readsWithoutWaiting + (SESSION.seconds + waitSeconds) * UNITS.readsOfHeldSecond,
};

const suspended: Usage = {
  ...standing,
  upstreamSeconds: workSeconds,
  driverSeconds: workAfterAnswers,
  requests: standing.requests + 2 * questions,
};

const callsHeld: Usage = {
  ...suspended,
  proxySeconds: workSeconds + waitSeconds + quickSeconds,
  requests: suspended.requests - 1,
  reads: readsWithoutWaiting + waitSeconds * UNITS.readsOfHeldSecond,
};

const released: Usage = {
  proxySeconds: workSeconds - workAfterAnswers + heldAfterQuestions + quickSeconds + polls * requestSeconds,
  driverSeconds: workAfterAnswers,
  upstreamSeconds: workSeconds,
  requests: clientRequests + upstreamRequests + questions + polls,
  writes,
  reads: readsWithoutWaiting + questions * DEPLOYMENT.holdSeconds * UNITS.readsOfHeldSecond + polls * UNITS.readsOfPoll,
};

/** Rounds pass through: the client brings the answers, and nothing is stored. */
const modern: Usage = {
  proxySeconds: workSeconds + quickSeconds,
  driverSeconds: 0,
  upstreamSeconds: workSeconds,
  requests: clientRequests + upstreamRequests,
  writes: 0,
  reads: 0,
};

export const MODES: readonly Mode[] = [
  {
    name: 'everything held',
    says: 'a standing GET, calls held while people think, the program kept waiting: how a stateful server runs',
    usage: standing,
  },
  {
    name: 'program suspended',
    says: 'the same connections, but the program is gone while people think',
    usage: suspended,
  },
  { name: 'calls held', says: 'no standing GET either; `FERMATA_HOLD=15m`', usage: callsHeld },
  {
    name: 'released (as deployed)',
    says: `a connection is held ${DEPLOYMENT.holdSeconds} s; then its client comes back to look, after ${LIMITS.retryMs / 1_000} s at first and every ${POLL_SECONDS_MAX} s later`,
    usage: released,
  },
  { name: 'client of 2026-07-28', says: 'the client keeps the question, and brings its answer', usage: modern },
];

const pollsOfHour = Math.ceil(3_600 / POLL_SECONDS_MAX);

/** What a waiting hour uses while a client of 2025 keeps coming back. */
export const WAITING_HOUR: Usage = {
  proxySeconds: pollsOfHour * requestSeconds,
  driverSeconds: 0,
  upstreamSeconds: 0,
  requests: pollsOfHour,
  writes: 0,
  reads: pollsOfHour * UNITS.readsOfPoll,
};

/** AgentCore Runtime keeps a microVM for the session and for the idle time-out after it. */
export interface Vm {
  readonly name: string;
  readonly gb: number;
  /** vCPUs at work while a call works; a VM that waits computes nothing. */
  readonly vcpu: number;
  readonly idleSeconds: number;
}

export const VMS: readonly Vm[] = [
  { name: 'AgentCore Runtime, as it comes', gb: 0.5, vcpu: 1, idleSeconds: 900 },
  { name: 'AgentCore Runtime, lean', gb: 0.25, vcpu: 0.3, idleSeconds: 180 },
];
