/**
 * Journals of earlier days replay for ever: each pin is a call as it waited, with its `requestState` in plain and as it was
 * sealed, and what must come of it. A red pin means that calls waiting in production would be lost by an upgrade.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decodeState } from '../../core/journal/state.ts';
import { callerOf, SEAL, told } from '../support/programs/calling.ts';
import { pinned } from '../support/programs/pinned.ts';

const FOLDER = new URL('../journal/pins/', import.meta.url);

interface Pin {
  /** Milliseconds since the epoch at which the answers come. */
  readonly nowMs: number;
  readonly principal: string;
  /** What the seal is bound to. */
  readonly binding: string;
  /** The text inside the seal, parsed. */
  readonly state: object;
  readonly request: Parameters<typeof told>[1];
  readonly expected: object;
}

const pins = readdirSync(FOLDER).filter(name => name.endsWith('.json'));

test('there are pins', () => {
  expect(pins.length).toBeGreaterThanOrEqual(4);
});

for (const name of pins) {
  const pin: Pin = JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));
  const environment = { now: () => pin.nowMs, newId: () => 'fresh' };
  const replay = (requestState: string) =>
    told(
      callerOf(pinned(), { environment }),
      { ...pin.request, params: { ...pin.request.params, requestState } },
      { principal: { id: pin.principal } },
    );

  test(`${name} replays as it was sealed`, async () => {
    expect(await replay(String(pin.request.params.requestState))).toMatchObject(pin.expected);
  });

  test(`${name} replays from its plain text`, async () => {
    const plain = JSON.stringify(pin.state);
    expect(SEAL.open(String(pin.request.params.requestState), pin.binding)).toBe(plain);
    expect(await replay(SEAL.seal(plain, pin.binding))).toMatchObject(pin.expected);
  });
}

test('a state of a version from the future is not guessed at', () => {
  expect(decodeState('{"v":3,"exp":1,"nonce":"n","journal":{}}')).toBeUndefined();
});
