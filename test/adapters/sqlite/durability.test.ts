import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Connection } from '../../../core/adapters/sqlite/connection.ts';
import { chooseDriver } from '../../../core/adapters/sqlite/driver.ts';
import { Writer } from '../../../core/adapters/sqlite/writer.ts';
import { LIMITS } from '../../../core/base/limits.ts';
import { keptUntilMs } from '../../../core/session/session.ts';
import { sampleExchange, sampleSession } from '../../contracts/stores-under-test.ts';
import type { DiskUnderTest } from './stores-on-disk.ts';
import { DRIVERS, makeOnDisk } from './stores-on-disk.ts';

const STREAM = { session: 'session-1', stream: 'n7' };

describe.each(DRIVERS)('the embedded stores on %s', driver => {
  let given: DiskUnderTest;

  beforeEach(async () => {
    given = await makeOnDisk(driver);
  });
  afterEach(() => given.cleanup());

  /** Another connection to the store's file, for what no caller of the stores could do or see. */
  const withFile = <T>(use: (connection: Connection) => T): T => {
    const connection = new Connection(given.stores.file, chooseDriver(driver).open(given.stores.file));
    try {
      return use(connection);
    } finally {
      connection.close();
    }
  };

  const countRows = () =>
    withFile(connection =>
      ['sessions', 'exchanges', 'events', 'rounds'].map(table =>
        Number(connection.prepare(`SELECT count(*) AS n FROM ${table}`).get([])?.n),
      ),
    );

  /** Opens the stores again, and lets timers run until the file holds so many rows. */
  const reopenedUntil = async (rows: readonly number[]): Promise<void> => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const again = given.open();
    try {
      await vi.waitFor(async () => {
        await vi.advanceTimersByTimeAsync(LIMITS.pruneEveryMs);
        expect(countRows()).toEqual(rows);
      }, 30_000);
    } finally {
      vi.useRealTimers();
      await again.close();
    }
  };

  test('everything is there after closing and opening again', async () => {
    const { stores } = given;
    const session = sampleSession(given.now());
    const exchange = sampleExchange(given.now(), { phase: 'waiting' });
    await stores.sessions.create(session);
    await stores.exchanges.create(exchange);
    await stores.events.append(STREAM, 1, [{}, { last: true }], exchange);
    await stores.rounds.claim('nonce', 'one', given.now(), given.now() + 10, exchange.expiresAtMs);
    await stores.rounds.settle('nonce', 'one', 'outcome \u0000');
    await stores.close();
    const again = given.open('owner-2');
    expect(await again.sessions.load(session.id)).toEqual(session);
    expect(await again.exchanges.load(exchange.session, exchange.id)).toEqual(exchange);
    expect(await again.exchanges.unsettled(exchange.session)).toEqual([exchange]);
    expect(await again.events.read(STREAM, 0, 10)).toEqual([{ sequence: 1 }, { sequence: 2, last: true }]);
    expect(await again.rounds.claim('nonce', 'two', given.now(), 0, 0)).toEqual({
      kind: 'settled',
      outcome: 'outcome \u0000',
    });
    await again.close();
  });

  test('a holder of a round from before the reopening is known to be dead, whatever its time', async () => {
    const t = given.now();
    await given.stores.rounds.claim('nonce', 'one', t, t + 1000, t + 9000);
    await given.stores.close();
    const again = given.open('owner-2');
    expect(await again.rounds.claim('nonce', 'two', t, t + 1000, t + 9000)).toEqual({ kind: 'held', live: false });
    expect(await again.rounds.reclaim('nonce', 'two', t, t + 1000)).toBe(true);
    expect(await again.rounds.claim('nonce', 'three', t, t + 1000, t + 9000)).toEqual({ kind: 'held', live: true });
    await again.close();
  });

  test('only the owner of these stores may be alive', () => {
    expect(given.stores.mayBeAlive('owner-1')).toBe(true);
    expect(given.stores.mayBeAlive('owner-0')).toBe(false);
  });

  test('closing flushes the writes of this turn, and can be repeated', async () => {
    const created = given.stores.sessions.create(sampleSession(given.now()));
    await given.stores.close();
    await given.stores.close();
    expect(await created).toBe('created');
    const again = given.open();
    expect(await again.sessions.load('session-1')).toBeDefined();
    await again.close();
  });

  test('a store that is closed says so', async () => {
    await given.stores.close();
    const closed = { code: 'store_unavailable', message: expect.stringContaining('is closed') };
    await expect(given.stores.sessions.load('session-1')).rejects.toMatchObject(closed);
    await expect(given.stores.sessions.create(sampleSession(given.now()))).rejects.toMatchObject(closed);
  });

  test('the files are for their owner only', async () => {
    const files = (await readdir(given.folder)).filter(file => !file.startsWith('owner.json'));
    expect(files).toContain('store.sqlite');
    expect(files).toContain('store.sqlite-wal');
    for (const file of files) expect((await stat(join(given.folder, file))).mode & 0o077).toBe(0);
  });

  test('rows whose moment has passed are deleted, soon after the next opening at the latest', async () => {
    const session = sampleSession(given.now());
    const exchange = sampleExchange(given.now());
    await given.stores.sessions.create(session);
    await given.stores.exchanges.create(exchange);
    await given.stores.events.append(STREAM, 1, new Array(1200).fill({}), exchange);
    await given.stores.rounds.claim('nonce', 'one', given.now(), given.now() + 10, exchange.expiresAtMs);
    given.advance(keptUntilMs(session) - given.now());
    await given.stores.close();
    expect(countRows()).toEqual([1, 1, 1200, 1]);
    await reopenedUntil([0, 0, 0, 0]);
  });

  test('a stream goes with its exchange, even where its events were given longer, and no other stream does', async () => {
    const exchange = sampleExchange(given.now());
    const longer = { expiresAtMs: exchange.expiresAtMs + 1000 };
    await given.stores.exchanges.create(exchange);
    await given.stores.events.append(STREAM, 1, new Array(700).fill({}), longer);
    await given.stores.events.append({ ...STREAM, stream: 'n8' }, 1, [{}], longer);
    await given.stores.events.append({ ...STREAM, session: 'session-2' }, 1, [{}], longer);
    given.advance(exchange.expiresAtMs - given.now());
    await given.stores.close();
    await reopenedUntil([0, 0, 2, 0]);
  });

  test('the layout of a newer Fermata is refused and left alone', async () => {
    await given.stores.close();
    withFile(connection => connection.exec('INSERT INTO migrations VALUES (99, 0)'));
    expect(() => given.open()).toThrow(
      expect.objectContaining({ code: 'store_unavailable', message: expect.stringContaining('newer Fermata') }),
    );
  });

  test('the database of another program is refused and left alone', async () => {
    await given.stores.close();
    withFile(connection => connection.exec('DROP TABLE migrations; CREATE TABLE recipes (name TEXT)'));
    expect(() => given.open()).toThrow(
      expect.objectContaining({ code: 'store_corrupt', message: expect.stringContaining('another program') }),
    );
  });

  test('a file that is no database is store_corrupt with advice, and the folder is not left locked', async () => {
    await given.stores.close();
    writeFileSync(given.stores.file, Buffer.alloc(8192, 'garbage '));
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(() => given.open()).toThrow(
        expect.objectContaining({
          code: 'store_corrupt',
          message: expect.stringMatching(/damaged.*backup.*empty store/),
        }),
      );
    }
  });

  test('damage inside the file is store_corrupt when it is met, not an empty answer', async () => {
    for (let i = 0; i < 200; i++) {
      await given.stores.exchanges.create(sampleExchange(given.now(), { id: `n${i}`, requestState: 'x'.repeat(2000) }));
    }
    await given.stores.close();
    const { size } = await stat(given.stores.file);
    const page = 4096;
    const damaged = Buffer.alloc(size - 12 * page, 0xa5);
    const descriptor = openSync(given.stores.file, 'r+');
    writeSync(descriptor, damaged, 0, damaged.length, 12 * page);
    closeSync(descriptor);
    const again = given.open();
    await expect(again.exchanges.unsettled('session-1')).rejects.toMatchObject({ code: 'store_corrupt' });
    await again.close();
  });

  test('a row that is not JSON any more is store_corrupt', async () => {
    await given.stores.sessions.create(sampleSession(given.now()));
    await given.stores.close();
    withFile(connection => connection.exec("UPDATE sessions SET session = '{'"));
    const again = given.open();
    await expect(again.sessions.load('session-1')).rejects.toMatchObject({ code: 'store_corrupt' });
    await again.close();
  });

  describe('the writes of one turn', () => {
    const withWriter = async (
      use: (writer: Writer, connection: Connection, executed: string[]) => Promise<void>,
    ): Promise<void> => {
      await given.stores.close();
      const database = chooseDriver(driver).open(given.stores.file);
      const executed: string[] = [];
      const exec = (sql: string): void => {
        executed.push(sql);
        database.exec(sql);
      };
      const connection = new Connection(given.stores.file, { ...database, exec });
      connection.exec('CREATE TABLE probe (n INTEGER PRIMARY KEY)');
      await use(new Writer(connection), connection, executed);
      connection.close();
    };
    const insert = (connection: Connection, n: number) => (): number =>
      connection.prepare('INSERT INTO probe VALUES (?)').run([n]);
    const stored = (connection: Connection) =>
      connection
        .prepare('SELECT n FROM probe')
        .all([])
        .map(row => row.n);

    test('a write that fails takes nothing of the others with it, and nothing of itself remains', () =>
      withWriter(async (writer, connection) => {
        const failing = writer.write(() => {
          insert(connection, 2)();
          throw new Error('of my own');
        });
        const clashing = writer.write(insert(connection, 1));
        const [first, second] = [writer.write(insert(connection, 3)), writer.write(insert(connection, 4))];
        const third = writer.write(insert(connection, 4));
        await expect(failing).rejects.toThrow('of my own');
        expect(await clashing).toBe(1);
        expect(await Promise.all([first, second])).toEqual([1, 1]);
        await expect(third).rejects.toMatchObject({ code: 'store_unavailable' });
        expect(stored(connection)).toEqual([1, 3, 4]);
      }));

    test('a write that fails alone leaves nothing, and the next one succeeds', () =>
      withWriter(async (writer, connection) => {
        const failing = writer.write(() => {
          insert(connection, 1)();
          throw new Error('of my own');
        });
        await expect(failing).rejects.toThrow('of my own');
        expect(await writer.write(insert(connection, 2))).toBe(1);
        expect(stored(connection)).toEqual([2]);
      }));

    test('they share one commit, and a single one waits no longer than a setImmediate', () =>
      withWriter(async (writer, connection, executed) => {
        const order: string[] = [];
        const write = writer.write(insert(connection, 1)).then(() => order.push('written'));
        setImmediate(() => setImmediate(() => order.push('two immediates later')));
        await write;
        expect(order).toEqual(['written']);
        executed.length = 0;
        await Promise.all([2, 3, 4].map(n => writer.write(insert(connection, n))));
        expect(executed.filter(sql => sql === 'COMMIT')).toEqual(['COMMIT']);
        expect(stored(connection)).toEqual([1, 2, 3, 4]);
      }));

    test('nobody is told that a write succeeded before the commit has: a commit that fails fails them all', () =>
      withWriter(async (writer, connection) => {
        connection.exec(`
          PRAGMA foreign_keys = ON;
          CREATE TABLE dangling (n INTEGER REFERENCES probe (n) DEFERRABLE INITIALLY DEFERRED);`);
        const dangle = (): number => connection.prepare('INSERT INTO dangling VALUES (?)').run([99]);
        const outcomes = await Promise.allSettled([writer.write(insert(connection, 1)), writer.write(dangle)]);
        expect(outcomes.map(outcome => outcome.status)).toEqual(['rejected', 'rejected']);
        expect(stored(connection)).toEqual([]);
        expect(await writer.write(insert(connection, 2))).toBe(1);
        expect(stored(connection)).toEqual([2]);
      }));
  });
});
