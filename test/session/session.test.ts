/** The session machine: phases computed from times, by the table. */
import { describe, expect, it } from 'vitest';
import type { Session } from '../../core/session/session.ts';
import {
  forgetting,
  isTouchDue,
  keeping,
  keptCall,
  phaseAt,
  SESSION_TABLE,
  touched,
} from '../../core/session/session.ts';

const session: Session = {
  id: 's',
  principal: 'p',
  revision: '2025-11-25',
  clientInfo: { name: 'c', version: '1' },
  clientCapabilities: {},
  subscriptions: [],
  kept: [],
  createdAtMs: 1_000,
  seenAtMs: 1_000,
  idleTimeoutMs: 100,
  lifetimeMs: 1_000,
  idleAction: 'sleep',
  version: 1,
};

describe('the phase of a session', () => {
  it.each([
    ['just opened', {}, 1_000, 'open'],
    ['a moment before it idles', {}, 1_099, 'open'],
    ['idle', {}, 1_100, 'asleep'],
    ['idle where idleness ends it', { idleAction: 'end' }, 1_100, 'ended'],
    ['touched since', { seenAtMs: 1_900 }, 1_950, 'open'],
    ['outlived though touched', { seenAtMs: 1_999 }, 2_000, 'ended'],
    ['outlived while asleep', {}, 2_000, 'ended'],
    ['stopped', { stoppedAtMs: 1_001 }, 1_002, 'ended'],
    ['seen in the future, after the clock jumped back', { seenAtMs: 1_900 }, 1_200, 'open'],
  ] as const)('%s', (_, fields, nowMs, phase) => {
    expect(phaseAt({ ...session, ...fields }, nowMs)).toBe(phase);
  });

  it('follows a pinned table', () => {
    expect(SESSION_TABLE).toEqual({
      open: { touched: 'open', idled: 'asleep', stopped: 'ended', outlived: 'ended' },
      asleep: { touched: 'open', stopped: 'ended', outlived: 'ended' },
      ended: {},
    });
  });
});

describe('a touch', () => {
  it('wakes a sleeping session and cannot wake an ended one', () => {
    const woken = touched(session, 1_500);
    expect(woken && phaseAt(woken, 1_500)).toBe('open');
    expect(touched(session, 2_000)).toBeUndefined();
  });

  it('never moves the last sight backwards', () => {
    expect(touched({ ...session, seenAtMs: 1_050 }, 1_020)?.seenAtMs).toBe(1_050);
  });

  it('is due once per tenth of the idle time-out', () => {
    expect(isTouchDue(session, 1_009)).toBe(false);
    expect(isTouchDue(session, 1_010)).toBe(true);
  });
});

describe('kept calls', () => {
  it('are found until their time is over, the newest ones only, each call once', () => {
    let kept = session;
    for (const [i, call] of ['a', 'b', 'a', 'c'].entries()) {
      kept = keeping(kept, { call, exchange: `n${i}`, untilMs: 2_000 }, 1_000, 2);
    }
    expect(kept.kept.map(note => note.call)).toEqual(['a', 'c']);
    expect(keptCall(kept, 'a', 1_500)?.exchange).toBe('n2');
    expect(keptCall(kept, 'a', 2_000)).toBeUndefined();
    expect(forgetting(kept, 'a').kept.map(note => note.call)).toEqual(['c']);
  });
});
