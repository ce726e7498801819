/** Workspaces in S3, by the real SDK client against the wire protocol: the common contract, then what only a network can do wrong. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { s3Client, s3WorkspaceStore } from '../../../core/adapters/s3/workspace-store.ts';
import type { WorkspaceStore } from '../../../core/ports/workspace-store.ts';
import { describeWorkspaceStoreContract } from '../../contracts/workspace-store.contract.ts';
import { LOCAL } from '../../support/dynamodb/clients.ts';
import type { BucketServer } from '../../support/s3/bucket-server.ts';
import { startBucketServer } from '../../support/s3/bucket-server.ts';

const storeAt = (endpoint: string, bucket = 'files'): WorkspaceStore =>
  s3WorkspaceStore({ bucket, client: s3Client({ ...LOCAL, endpoint, retryMode: 'standard', maxAttempts: 2 }) });

describeWorkspaceStoreContract('S3', async () => {
  const server = await startBucketServer('files');
  return { store: storeAt(server.endpoint), now: () => 0, cleanup: async () => server[Symbol.asyncDispose]() };
});

describe('workspaces in S3', () => {
  let server: BucketServer;
  let store: WorkspaceStore;
  beforeAll(async () => {
    server = await startBucketServer('files');
    store = storeAt(server.endpoint);
  });
  afterAll(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    server.mishap = () => undefined;
    await store.remove('one');
  });

  const snapshot = (version: number, manifest: string) => ({ workspace: 'one', version, manifest, expiresAtMs: 0 });

  it('commit once though the answer to the commit was lost and the SDK repeated it', async () => {
    let lost = 0;
    server.mishap = method => (method === 'PUT' && lost++ === 0 ? 'lost' : undefined);
    expect(await store.commit(snapshot(1, 'mine'))).toBe('committed');
    expect(lost).toBe(2);
    expect(await store.manifest('one', 1)).toBe('mine');
  });

  it('lose to another writer of the same version, whichever of them looked first', async () => {
    const another = storeAt(server.endpoint);
    const outcomes = await Promise.all([store.commit(snapshot(1, 'mine')), another.commit(snapshot(1, 'theirs'))]);
    expect(outcomes.toSorted()).toEqual(['committed', 'conflict']);
    expect(await store.manifest('one', 1)).toBe(outcomes[0] === 'committed' ? 'mine' : 'theirs');
  });

  it('are removed by pages, however many objects there are', async () => {
    for (let n = 0; n < 3; n++) await store.put('one', `pack-${n}`, Buffer.from('x'));
    server.pageKeysMax = 2;
    const before = server.requests.length;
    await store.remove('one');
    expect([...server.objects.keys()]).toEqual([]);
    expect(server.requests.slice(before).filter(request => request.startsWith('POST'))).toHaveLength(2);
  });

  it('take one request each for a look, a read and a pack, and three for a commit', async () => {
    await store.commit(snapshot(1, 'a'));
    await store.commit(snapshot(2, 'b'));
    const before = server.requests.length;
    await store.versions('one');
    await store.manifest('one', 2);
    await store.put('one', 'pack', Buffer.from('x'));
    await store.commit(snapshot(3, 'c'));
    expect(server.requests.slice(before).map(request => request.split(' ')[0])).toEqual([
      'GET',
      'GET',
      'PUT',
      'GET',
      'PUT',
      'POST',
    ]);
  });

  it('say what to do when there is no bucket, and when S3 does not answer', async () => {
    await expect(storeAt(server.endpoint, 'nowhere').versions('one')).rejects.toMatchObject({
      code: 'setting_invalid',
      message: 'The bucket "nowhere" does not exist. Deploy it, or name another one in FERMATA_WORKSPACE_BUCKET.',
    });
    server.mishap = () => 503;
    await expect(store.get('one', 'pack')).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('S3 did not answer for the bucket "files"'),
    });
  });
});
