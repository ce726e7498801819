/**
 * Workspaces in a bucket of S3 that any number of processes share: `<workspace>/packs/…` and `<workspace>/snapshots/…`. Region,
 * credentials and endpoint come from the environment as the AWS SDK reads them, `AWS_ENDPOINT_URL_S3` included.
 *
 * A snapshot is an object that is only ever created (`If-None-Match: *`), and its key counts down, so that a list begins with the
 * newest. A creation whose acknowledgement was lost fails when it is repeated, and is known by its text. Nothing here deletes what
 * ended unnoticed: that is the bucket's lifecycle rule.
 */
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { LIMITS } from '../../base/limits.ts';
import type { SnapshotRecord, WorkspaceStore } from '../../ports/workspace-store.ts';
import { nameOf, storeFault } from './failure.ts';

export interface S3WorkspaceStoreOptions {
  readonly bucket: string;
  /** A client of the caller, who also closes it. Without one, a client is made from `config` and the environment. */
  readonly client?: S3Client;
  readonly config?: S3ClientConfig;
}

/** Versions as sixteen digits that count down. */
const HIGHEST = 9_999_999_999_999_999n;
const placeOf = (version: number): string => String(HIGHEST - BigInt(version)).padStart(16, '0');
const versionAt = (place: string): number => Number(HIGHEST - BigInt(place));

/** Objects that S3 deletes with one request. */
const DELETED_AT_ONCE = 1_000;

export function s3WorkspaceStore({ bucket, client, config }: S3WorkspaceStoreOptions): WorkspaceStore {
  return new S3WorkspaceStore(bucket, client ?? s3Client(config));
}

/** A client that gives up on a connection that hangs, so that the SDK's retries get their turn. */
export const s3Client = (config: S3ClientConfig = {}): S3Client =>
  new S3Client({
    requestHandler: {
      connectionTimeout: LIMITS.storeConnectMsMax,
      requestTimeout: LIMITS.objectRequestMsMax,
      throwOnRequestTimeout: true,
    },
    ...config,
  });

class S3WorkspaceStore implements WorkspaceStore {
  readonly #bucket: string;
  readonly #client: S3Client;

  constructor(bucket: string, client: S3Client) {
    this.#bucket = bucket;
    this.#client = client;
  }

  async versions(workspace: string): Promise<readonly number[]> {
    const { keys } = await this.#list(`${workspace}/snapshots/`, { most: 2 });
    return keys.map(key => versionAt(key.slice(key.lastIndexOf('/') + 1)));
  }

  async manifest(workspace: string, version: number): Promise<string | undefined> {
    const bytes = await this.#read(`${workspace}/snapshots/${placeOf(version)}`);
    return bytes && Buffer.from(bytes).toString('utf8');
  }

  async commit({ workspace, version, manifest }: SnapshotRecord): Promise<'committed' | 'conflict'> {
    const known = await this.versions(workspace);
    if ((known[0] ?? 0) !== version - 1) return 'conflict';
    const isOurs = await this.#create(`${workspace}/snapshots/${placeOf(version)}`, manifest);
    if (!isOurs && (await this.manifest(workspace, version)) !== manifest) return 'conflict';
    await this.#delete(known.slice(1).map(old => `${workspace}/snapshots/${placeOf(old)}`));
    return 'committed';
  }

  async put(workspace: string, pack: string, bytes: Uint8Array): Promise<void> {
    const Key = `${workspace}/packs/${pack}`;
    await this.#told(() => this.#client.send(new PutObjectCommand({ Bucket: this.#bucket, Key, Body: bytes })));
  }

  get(workspace: string, pack: string): Promise<Uint8Array | undefined> {
    return this.#read(`${workspace}/packs/${pack}`);
  }

  async discard(workspace: string, packs: readonly string[]): Promise<void> {
    await this.#delete(packs.map(pack => `${workspace}/packs/${pack}`));
  }

  /** Its snapshots first: without them the rest means nothing. */
  async remove(workspace: string): Promise<void> {
    for (const prefix of [`${workspace}/snapshots/`, `${workspace}/`]) {
      let after: string | undefined;
      do {
        const page = await this.#list(prefix, { most: DELETED_AT_ONCE, after });
        await this.#delete(page.keys);
        after = page.next;
      } while (after !== undefined);
    }
  }

  async #list(
    Prefix: string,
    { most, after }: { readonly most: number; readonly after?: string | undefined },
  ): Promise<{ readonly keys: readonly string[]; readonly next: string | undefined }> {
    const input = { Bucket: this.#bucket, Prefix, MaxKeys: most, ...(after && { ContinuationToken: after }) };
    const found = await this.#told(() => this.#client.send(new ListObjectsV2Command(input)));
    const keys = (found.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
    return { keys, next: found.NextContinuationToken };
  }

  async #read(Key: string): Promise<Uint8Array | undefined> {
    return this.#told(async () => {
      try {
        const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key }));
        return await Body?.transformToByteArray();
      } catch (thrown) {
        if (nameOf(thrown) === 'NoSuchKey') return undefined;
        throw thrown;
      }
    });
  }

  /** Whether it was created; `false` where something stands already, or is just being put there. */
  #create(Key: string, Body: string): Promise<boolean> {
    const input = { Bucket: this.#bucket, Key, Body, ContentType: 'text/plain; charset=utf-8', IfNoneMatch: '*' };
    return this.#told(async () => {
      try {
        await this.#client.send(new PutObjectCommand(input));
        return true;
      } catch (thrown) {
        const name = nameOf(thrown);
        if (name === 'PreconditionFailed' || name === 'ConditionalRequestConflict') return false;
        throw thrown;
      }
    });
  }

  async #delete(keys: readonly string[]): Promise<void> {
    for (let from = 0; from < keys.length; from += DELETED_AT_ONCE) {
      const Objects = keys.slice(from, from + DELETED_AT_ONCE).map(Key => ({ Key }));
      const input = { Bucket: this.#bucket, Delete: { Objects, Quiet: true } };
      await this.#told(() => this.#client.send(new DeleteObjectsCommand(input)));
    }
  }

  async #told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      throw storeFault(thrown, this.#bucket);
    }
  }
}
