/** Which session a call belongs to, as the headers of a proxy say it: read with care, since anybody may write them. */
import { expect, it } from 'vitest';
import { callNamesOf } from '../../core/http/call-names.ts';

const NAME = 'abcdefghijklmnopqrstuv';
const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;

const namesIn = (headers: Record<string, string>) =>
  callNamesOf(new Request('http://localhost/mcp', { method: 'POST', headers }), NOW_MS);

const ends = (ms: number): Record<string, string> => ({ 'fermata-session': NAME, 'fermata-session-ends': String(ms) });

it('is its name, when it ends, and how long it stays awake', () => {
  const headers = { ...ends(NOW_MS + HOUR_MS), 'fermata-session-idle': '60000' };
  expect(namesIn(headers)).toEqual({
    session: { id: NAME, name: NAME, endsAtMs: NOW_MS + HOUR_MS, idleMs: 60_000 },
  });
});

it('says how often its call was turned away', () => {
  const turned = (times: string) => namesIn({ ...ends(NOW_MS), 'fermata-turned-away': times }).turnedAway;
  expect([turned('2'), turned('0'), turned('-1'), turned('often')]).toEqual([2, undefined, undefined, undefined]);
});

it('is no longer than a session may be', () => {
  expect(namesIn(ends(NOW_MS + 1_000 * HOUR_MS))).toEqual({
    session: { id: NAME, name: NAME, endsAtMs: NOW_MS + 14 * 24 * HOUR_MS },
  });
});

it.each([
  '',
  'soon',
  '0',
  '59999',
  '28800001',
  '-60000',
])('stays awake for as long as is usual where it says %j', idle => {
  const headers = { ...ends(NOW_MS + HOUR_MS), 'fermata-session-idle': idle };
  expect(namesIn(headers)).toEqual({ session: { id: NAME, name: NAME, endsAtMs: NOW_MS + HOUR_MS } });
});

it('is none without a name that could be one', () => {
  expect([namesIn({}), namesIn({ ...ends(NOW_MS), 'fermata-session': 'x' })]).toEqual([{}, {}]);
});
