/**
 * A small S3 on loopback: what of its REST interface the workspace store uses, from Amazon's API reference (PutObject with
 * `If-None-Match: *`, GetObject, DeleteObjects, ListObjectsV2), path-style. No package does this soundly: s3rver, the one that people use,
 * is older than conditional writes and than the SDK's checksums.
 *
 * It checks what S3 checks of a request (a signature is there, body digests are right) and not the signature itself. Objects of
 * one key are written one after the other, as S3 does. A test may let requests fail, or lose their answers.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { crc32 } from 'node:zlib';

/** What happens to a request besides what it asks: it fails with a status, or it is done and its answer is lost. */
export type Mishap = 'lost' | number | undefined;

export interface BucketServer extends AsyncDisposable {
  readonly endpoint: string;
  /** Objects by `bucket/key`. */
  readonly objects: ReadonlyMap<string, Uint8Array>;
  /** `METHOD key`, in order. */
  readonly requests: readonly string[];
  /** Keys of one page of a list; S3 has 1 000. */
  pageKeysMax: number;
  mishap: (method: string, key: string) => Mishap;
}

export async function startBucketServer(...buckets: readonly string[]): Promise<BucketServer> {
  const objects = new Map<string, Uint8Array>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const key = decodeURIComponent(url.pathname.slice(1)).replace(/\/$/, '');
    const method = request.method ?? '';
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    requests.push(`${method} ${key}${url.search}`);
    const mishap = given.mishap(method, key);
    const answer =
      typeof mishap === 'number'
        ? refusal(mishap, 'InternalError')
        : (complaint(request, body, buckets) ??
          answerTo({ method, key, url, body, request, pageKeysMax: given.pageKeysMax }, objects));
    if (mishap === 'lost') request.socket.destroy();
    else response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const given: BucketServer = {
    endpoint: `http://127.0.0.1:${port}`,
    objects,
    requests,
    pageKeysMax: 1_000,
    mishap: () => undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
  return given;
}

interface Asked {
  readonly method: string;
  /** `bucket` or `bucket/key`. */
  readonly key: string;
  readonly url: URL;
  readonly body: Buffer;
  readonly request: IncomingMessage;
  readonly pageKeysMax: number;
}

interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

function answerTo({ method, key, url, body, request, pageKeysMax }: Asked, objects: Map<string, Uint8Array>): Answer {
  const isObject = key.includes('/');
  if (method === 'PUT' && isObject) {
    if (request.headers['if-none-match'] === '*' && objects.has(key)) return refusal(412, 'PreconditionFailed');
    objects.set(key, body);
    return { status: 200, headers: { etag: etagOf(body) } };
  }
  if (method === 'GET' && isObject) {
    const found = objects.get(key);
    return found === undefined
      ? refusal(404, 'NoSuchKey')
      : { status: 200, headers: { etag: etagOf(found) }, body: found };
  }
  if (method === 'GET' && url.searchParams.get('list-type') === '2')
    return listed(key, url.searchParams, pageKeysMax, objects);
  if (method === 'POST' && url.searchParams.has('delete')) {
    for (const [, name = ''] of body.toString().matchAll(/<Key>(.*?)<\/Key>/g)) objects.delete(`${key}/${plain(name)}`);
    return xml('<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>');
  }
  return refusal(501, 'NotImplemented');
}

/** In the order of the keys' bytes; a token says after which key to go on. */
function listed(
  bucket: string,
  query: URLSearchParams,
  pageKeysMax: number,
  objects: ReadonlyMap<string, Uint8Array>,
): Answer {
  const prefix = `${bucket}/${query.get('prefix') ?? ''}`;
  const token = query.get('continuation-token');
  const after = token === null ? '' : Buffer.from(token, 'base64').toString();
  const most = Math.min(Number(query.get('max-keys') ?? 1_000), pageKeysMax);
  const keys = [...objects.keys()].filter(key => key.startsWith(prefix) && key > after).sort();
  const page = keys.slice(0, most);
  const isCut = keys.length > page.length;
  const next = isCut
    ? `<NextContinuationToken>${Buffer.from(page.at(-1) ?? '').toString('base64')}</NextContinuationToken>`
    : '';
  const contents = page.map(key => `<Contents><Key>${key.slice(bucket.length + 1)}</Key></Contents>`).join('');
  return xml(
    `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>${isCut}</IsTruncated>${contents}${next}</ListBucketResult>`,
  );
}

/** What S3 refuses whatever is asked. */
function complaint({ headers, url }: IncomingMessage, body: Buffer, buckets: readonly string[]): Answer | undefined {
  if (!/^AWS4-HMAC-SHA256 Credential=.*SignedHeaders=.*Signature=/.test(headers.authorization ?? ''))
    return refusal(403, 'AccessDenied');
  const [, bucket = ''] = /^\/([^/?]*)/.exec(url ?? '') ?? [];
  if (!buckets.includes(bucket)) return refusal(404, 'NoSuchBucket');
  const sha256 = headers['x-amz-content-sha256'];
  if (sha256 !== 'UNSIGNED-PAYLOAD' && sha256 !== createHash('sha256').update(body).digest('hex'))
    return refusal(400, 'XAmzContentSHA256Mismatch');
  const checksum = headers['x-amz-checksum-crc32'];
  if (typeof checksum === 'string' && Buffer.from(checksum, 'base64').readUInt32BE() !== crc32(body))
    return refusal(400, 'BadDigest');
  return undefined;
}

const refusal = (status: number, code: string): Answer => ({
  ...xml(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`),
  status,
});

const xml = (text: string): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>${text}`,
});

const etagOf = (body: Uint8Array): string => `"${createHash('md5').update(body).digest('hex')}"`;

const plain = (text: string): string => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
