/**
 * The process that the tests of the lock and of crashes start and kill. It opens the embedded stores in the folder it is given, says
 * so, and then holds them (`hold`) or writes without end (`write`), reporting each write only after it was acknowledged.
 */
import { writeSync } from 'node:fs';
import { sqliteStores } from '../../../core/adapters/sqlite/stores.ts';
import { faultOf } from '../../../core/base/errors.ts';
import type { LoggedEvent } from '../../../core/session/outbox.ts';
import { sampleExchange } from '../../contracts/stores-under-test.ts';

const [, , mode = 'hold', folder = ''] = process.argv;
/** Straight to the pipe, so that what was reported has left this process when it is killed. */
const report = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`);

const eventOf = (round: number, data: number): LoggedEvent => ({
  message: { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', round, data } },
});

try {
  const stores = sqliteStores({ folder, environment: { now: Date.now }, owner: `owner-${process.pid}` });
  report({ opened: process.pid, driver: stores.driver });
  if (mode === 'write') {
    const lane = async (session: string): Promise<void> => {
      await stores.exchanges.create(sampleExchange(Date.now(), { session }));
      let exchange = (await stores.exchanges.load(session, 'n7')) ?? sampleExchange(Date.now());
      const written = (await stores.events.read({ session, stream: 'n7' }, 0, 1_000_000)).length;
      for (let round = written / 3 + 1; ; round++) {
        exchange = { ...exchange, round, version: exchange.version + 1 };
        const committed = await stores.exchanges.commit(exchange);
        const burst = [1, 2, 3].map(data => eventOf(round, data));
        const appended = await stores.events.append({ session, stream: 'n7' }, 3 * round - 2, burst, exchange);
        report({ session, round, committed, appended });
      }
    };
    await Promise.all(['a', 'b', 'c', 'd'].map(lane));
  }
  process.stdin.on('data', () => {
    void stores.close().then(() => {
      report({ closed: true });
      process.exit(0);
    });
  });
} catch (thrown) {
  const { code, message } = faultOf(thrown);
  report({ code, message });
  process.exit(1);
}
