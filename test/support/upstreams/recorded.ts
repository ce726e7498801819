/**
 * A server that says again what a real one said on the wire: the recorded exchange of the same HTTP method, JSON-RPC method, tool and
 * arguments is answered as it was, byte for byte but for the request's id. Recordings, and the programs that make
 * them, are in test/recordings. What was never recorded is refused with a 500, so that no test passes by luck.
 */
import { readFileSync } from 'node:fs';
import { upstream } from './raw.ts';

interface Exchange {
  readonly request: { readonly method: string; readonly body: Called | null };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
}

interface Called {
  readonly id?: string | number;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly arguments?: unknown };
}

const keyOf = (method: string | undefined, body: Called | null): string =>
  JSON.stringify([method, body?.method, body?.params?.name, body?.params?.arguments]);

/** Every recorded request has the id 1. */
const withId = (text: string, id: Called['id']): string => text.replace('"id":1,', `"id":${JSON.stringify(id)},`);

/** Replays test/recordings/NAME.json; `came` is what was asked of it. */
export async function recorded(name: string) {
  const file = new URL(`../../recordings/${name}.json`, import.meta.url);
  const { exchanges }: { exchanges: Exchange[] } = JSON.parse(readFileSync(file, 'utf8'));
  const answers = new Map(exchanges.map(({ request, response }) => [keyOf(request.method, request.body), response]));
  const came: string[] = [];
  const there = await upstream((request, response, text) => {
    const body: Called | null = text === '' ? null : JSON.parse(text);
    const answer = answers.get(keyOf(request.method, body));
    came.push(body?.method ?? String(request.method));
    if (answer === undefined) response.writeHead(500).end('This was not recorded.');
    else response.writeHead(answer.status, answer.headers).end(withId(answer.body, body?.id));
  });
  return { url: there.url, came, [Symbol.asyncDispose]: () => there[Symbol.asyncDispose]() };
}
