/**
 * Where each kind of item stands: partition key `pk`, sort key `sk`. Layout: `docs/dynamodb.md`.
 *
 * A session and its exchanges share a partition; each stream has its own, so that load spreads and a tail is one Query. Ids of
 * exchanges hold no `#`, so no two addresses make the same key.
 */
import { digest } from '../../protocol/json.ts';

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** DynamoDB takes sort keys of 1 024 bytes and partition keys of 2 048: longer ids are named by their digest instead. */
const ID_CHARACTERS_MAX = 512;
/** As many digits as an event id may have. */
const SEQUENCE_DIGITS = 12;

export const EXCHANGES = 'exchange#';
export const EVENTS = 'event#';
export const LISTED = 'session#';

const short = (id: string): string => (id.length > ID_CHARACTERS_MAX ? `#${digest(id)}` : id);

export const sessionKey = (session: string): Key => ({ pk: `session#${short(session)}`, sk: 'session' });

/** Notes which sessions a principal opened, under a digest, so that keys name nobody. Written once: touching costs nothing more. */
export const listedKey = (principal: string, session: string): Key => ({
  pk: `principal#${digest(principal)}`,
  sk: LISTED + session,
});

export const exchangeKey = (session: string, id: string): Key => ({
  pk: `session#${short(session)}`,
  sk: EXCHANGES + short(id),
});

export const streamPartition = (session: string, stream: string): string => `stream#${short(session)}#${short(stream)}`;

export const eventSortKey = (sequence: number): string => EVENTS + String(sequence).padStart(SEQUENCE_DIGITS, '0');

export const stateKey = (scope: string): Key => ({ pk: `state#${short(scope)}`, sk: 'state' });

/** Of the month that a moment is in. */
export const auditPartition = (atMs: number): string => `audit#${new Date(atMs).toISOString().slice(0, 7)}`;

export const auditKey = (atMs: number, id: string): Key => ({ pk: auditPartition(atMs), sk: `entry#${id}` });

export const roundKey = (nonce: string): Key => ({ pk: `round#${short(nonce)}`, sk: 'round' });

/** The parts of a body that is too long for its item: named by the write they belong to, so they never change. */
export const partKey = (writer: string, part: number): Key => ({
  pk: `part#${writer}`,
  sk: `part#${String(part).padStart(4, '0')}`,
});

/** What a sealed body is bound to: it opens at the address it was written to, and nowhere else. */
export const bindingOf = (key: Key, version?: number): string =>
  `fermata ${key.pk} ${key.sk}${version === undefined ? '' : ` ${version}`}`;
