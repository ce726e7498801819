/** What a program reports at one instance is heard by clients of both eras at another, over the stores that instances may share. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbStores } from '../../core/adapters/dynamodb/stores.ts';
import { nodeEnvironment } from '../../core/adapters/node/environment.ts';
import { sqliteStores } from '../../core/adapters/sqlite/stores.ts';
import type { Stores } from '../../core/ports/stores.ts';
import { makeFolder, removeFolder } from '../adapters/sqlite/stores-on-disk.ts';
import { LISTENERS } from '../support/clients/listener.ts';
import { deployedTwice } from '../support/deployment.ts';
import { clientOf, freshTable } from '../support/dynamodb/clients.ts';
import { startEmulator } from '../support/dynamodb/emulator.ts';

const PROGRAM = ['--program', fileURLToPath(new URL('../support/servers/v1-changing.ts', import.meta.url))];
const NEWS = 'test://news';

interface Shared extends AsyncDisposable {
  readonly stores: Stores;
}

async function onDisk(): Promise<Shared> {
  const folder = await makeFolder();
  const stores = sqliteStores({ folder, environment: nodeEnvironment(), owner: 'both' });
  return {
    stores,
    async [Symbol.asyncDispose]() {
      await stores.close();
      await removeFolder(folder);
    },
  };
}

async function inDynamodb(): Promise<Shared> {
  const emulator = await startEmulator();
  const client = clientOf(emulator.endpoint);
  const stores = dynamodbStores({ client, table: await freshTable(client), environment: nodeEnvironment() });
  return {
    stores,
    async [Symbol.asyncDispose]() {
      client.destroy();
      await emulator.stop();
    },
  };
}

describe.each([
  ['the embedded store', onDisk],
  ['DynamoDB', inDynamodb],
])('two instances over %s', (_, open) => {
  let shared: Shared;
  beforeAll(async () => {
    shared = await open();
  });
  afterAll(() => shared[Symbol.asyncDispose]());

  it('tell clients of both eras what programs changed at either of them [R43] [R87]', async () => {
    const instances = await deployedTwice(PROGRAM, {}, shared.stores);
    const listeners = await Promise.all(
      instances.flatMap(({ url }) => Object.values(LISTENERS).map(listener => listener(url, [NEWS]))),
    );
    const [here, , , there] = listeners;
    await Promise.all([here?.call('change_tools'), there?.call('change_news')]);
    await Promise.all(listeners.flatMap(({ hears }) => [hears('tools'), hears(NEWS)]));
    for (const { heard } of listeners) expect([...heard].sort()).toEqual([NEWS, 'tools']);
    await Promise.all(listeners.map(listener => listener.close()));
    for (const instance of instances) await instance[Symbol.asyncDispose]();
  });
});
