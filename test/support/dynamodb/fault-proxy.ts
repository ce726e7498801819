/**
 * Stands between the SDK and a DynamoDB and does to requests what no emulator does: throttles, fails, delays them, cuts the
 * connection before the write, or *after* it, so that the write stands and nobody is told.
 *
 * What happens to a request is the caller's plan, asked for each one as it comes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Mishap =
  /** 400 `ThrottlingException`, nothing done. */
  | 'throttled'
  /** 500 `InternalServerError`, nothing done. */
  | 'failed'
  /** 400 `AccessDeniedException`, nothing done. */
  | 'denied'
  /** The connection is cut, nothing done. */
  | 'cut'
  /** Done, and the connection is cut before the answer. */
  | 'unacknowledged'
  /** Done late: after this many milliseconds. */
  | number;

/** The operation (`PutItem`) and its input, as the SDK sent them. */
export interface Asked {
  readonly operation: string;
  // biome-ignore lint/suspicious/noExplicitAny: the wire's JSON, looked into by tests
  readonly input: any;
}

/** A plan may take its time: the request waits for it. */
export type Plan = (asked: Asked) => Mishap | undefined | Promise<Mishap | undefined>;

export interface FaultProxy {
  readonly endpoint: string;
  /** Every request that came, those that met with a mishap included. */
  readonly asked: Asked[];
  plan: Plan;
  stop(): Promise<void>;
}

export async function startFaultProxy(endpoint: string): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => response.destroy());
  });
  const proxy = {
    asked: [] as Asked[],
    plan: (() => undefined) as Plan,
    endpoint: '',
    stop: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const operation = String(incoming.headers['x-amz-target']).split('.')[1] ?? '';
    const asked = { operation, input: JSON.parse(body.toString()) };
    proxy.asked.push(asked);
    const mishap = await proxy.plan(asked);
    if (mishap === 'throttled') return refuse(response, 400, 'ThrottlingException');
    if (mishap === 'failed') return refuse(response, 500, 'InternalServerError');
    if (mishap === 'denied') return refuse(response, 400, 'AccessDeniedException');
    if (mishap === 'cut') return void incoming.socket.destroy();
    if (typeof mishap === 'number') await new Promise(resolve => setTimeout(resolve, mishap));
    const answer = await forward(incoming, body);
    if (mishap === 'unacknowledged') return void incoming.socket.destroy();
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  async function forward(incoming: IncomingMessage, body: Buffer) {
    const { method = 'POST', url = '/', headers } = incoming;
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      request(new URL(url, endpoint), { agent, method, headers }, resolve).once('error', reject).end(body);
    });
    const chunks: Buffer[] = [];
    for await (const chunk of reply) chunks.push(chunk);
    return { status: reply.statusCode ?? 500, headers: reply.headers, body: Buffer.concat(chunks) };
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  proxy.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
}

function refuse(response: ServerResponse, status: number, type: string): void {
  const body = JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: `${type}, on purpose` });
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(body);
}
