/**
 * A real authorization server on a loopback socket: metadata, keys that change, tokens of every kind, and the client
 * credentials grant. It can fall silent or refuse, and it counts what it is asked for.
 *
 * Tokens that no proper server would issue are made here as well, since an attacker would.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { CryptoKey, JWK, JWTPayload } from 'jose';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';

interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

export interface MintOptions {
  /** Instead of the audience that the server knows. */
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  /** Seconds from now. */
  readonly expiresIn?: number;
}

/** What the server is like while it is not well. */
export type Ailment = 'refuses' | 'silent' | 'garbage' | 'huge';

export const CLIENT = { clientId: 'robot', clientSecret: 's3cret' } as const;

export class AuthorizationServer implements AsyncDisposable {
  /** Paths of what was asked for, in order. */
  readonly asked: string[] = [];
  ailment: Ailment | undefined;
  /** Whether it has only what OpenID Connect Discovery asks for. */
  isOpenIdOnly = false;
  /** Laid over its metadata. */
  metadata: Record<string, unknown> = {};
  readonly #audience: string;
  readonly #path: string;
  readonly #server: Server;
  #keys: SigningKey[] = [];
  #made = 0;

  private constructor(audience: string, path: string) {
    this.#audience = audience;
    this.#path = path;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(audience: string, path = ''): Promise<AuthorizationServer> {
    const server = new AuthorizationServer(audience, path);
    await new Promise<void>(resolve => server.#server.listen(0, '127.0.0.1', resolve));
    await server.rotate();
    return server;
  }

  get origin(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  get issuer(): string {
    return `${this.origin}${this.#path}`;
  }

  get keysUrl(): string {
    return `${this.origin}/keys`;
  }

  /** How often its keys were fetched. */
  get keyFetches(): number {
    return this.asked.filter(path => path === '/keys').length;
  }

  /** New keys from now on; the old ones are gone, or kept beside them. */
  async rotate({ keep = false, alg = 'ES256' } = {}): Promise<void> {
    const pair = await generateKeyPair(alg, { extractable: true });
    const key = { kid: `key-${++this.#made}`, alg, ...pair };
    this.#keys = keep ? [...this.#keys, key] : [key];
  }

  /** A proper access token for a subject. */
  async token(subject: string, { claims = {}, header = {}, expiresIn = 300 }: MintOptions = {}): Promise<string> {
    const { kid, alg, privateKey } = this.#newest();
    return new SignJWT(this.#claims(subject, expiresIn, claims))
      .setProtectedHeader({ alg, kid, typ: 'at+jwt', ...header })
      .sign(privateKey);
  }

  /** Signed with HMAC, the text of the public key being the secret. */
  async hmacToken(subject: string): Promise<string> {
    const { kid, publicKey } = this.#newest();
    const secret = new TextEncoder().encode(await exportSPKI(publicKey));
    return new SignJWT(this.#claims(subject, 300, {})).setProtectedHeader({ alg: 'HS256', kid }).sign(secret);
  }

  unsignedToken(subject: string): string {
    return new UnsecuredJWT(this.#claims(subject, 300, {})).encode();
  }

  /** By somebody with a key of their own under the name of ours; with `jwk`, who brings the key along. */
  async forgedToken(subject: string, { jwk = false } = {}): Promise<string> {
    const { kid, alg } = this.#newest();
    const forged = await generateKeyPair(alg, { extractable: true });
    const header = { alg, kid, typ: 'at+jwt', ...(jwk ? { jwk: await exportJWK(forged.publicKey) } : {}) };
    return new SignJWT(this.#claims(subject, 300, {})).setProtectedHeader(header).sign(forged.privateKey);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  #newest(): SigningKey {
    const key = this.#keys.at(-1);
    if (key === undefined) throw new Error('It has no key yet.');
    return key;
  }

  #claims(sub: string, expiresIn: number, claims: Record<string, unknown>): JWTPayload {
    const now = Math.floor(Date.now() / 1000);
    return { iss: this.issuer, aud: this.#audience, sub, iat: now, exp: now + expiresIn, ...claims };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.origin).pathname;
    this.asked.push(path);
    if (this.ailment === 'silent') return;
    if (this.ailment === 'refuses') return void response.writeHead(500).end();
    if (this.ailment === 'garbage') return void response.writeHead(200).end('<html>Sign in</html>');
    if (this.ailment === 'huge') return void response.writeHead(200).end(`["${'x'.repeat(2 * 1024 * 1024)}"]`);
    const answer = await this.#answerTo(path, request);
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { error: 'not found' }));
  }

  async #answerTo(path: string, request: IncomingMessage): Promise<unknown> {
    const metadata = this.isOpenIdOnly
      ? `${this.#path}/.well-known/openid-configuration`
      : `/.well-known/oauth-authorization-server${this.#path}`;
    if (path === metadata) return this.#metadata();
    if (path === '/keys') return { keys: await Promise.all(this.#keys.map(jwkOf)) };
    return path === '/token' && request.method === 'POST' ? this.#granted(request) : undefined;
  }

  #metadata(): Record<string, unknown> {
    return {
      issuer: this.issuer,
      authorization_endpoint: `${this.origin}/authorize`,
      token_endpoint: `${this.origin}/token`,
      jwks_uri: this.keysUrl,
      response_types_supported: ['code'],
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['client_secret_basic'],
      ...this.metadata,
    };
  }

  /** A token for the resource that was asked for (RFC 8707), to a client that knows its secret. */
  async #granted(request: IncomingMessage): Promise<unknown> {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const form = new URLSearchParams(body);
    const secret = Buffer.from(`${CLIENT.clientId}:${CLIENT.clientSecret}`).toString('base64');
    const resource = form.get('resource');
    if (request.headers.authorization !== `Basic ${secret}` || resource === null) return undefined;
    const scope = form.get('scope') ?? '';
    const access_token = await this.token(CLIENT.clientId, { claims: { aud: resource, scope } });
    return { access_token, token_type: 'Bearer', expires_in: 300, ...(scope === '' ? {} : { scope }) };
  }
}

const jwkOf = async ({ kid, alg, publicKey }: SigningKey): Promise<JWK> => ({
  ...(await exportJWK(publicKey)),
  kid,
  alg,
  use: 'sig',
});
