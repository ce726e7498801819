/** The calls that are measured, each from its first byte to the end of its answer, and each checked: a fast wrong answer is none. */
import type { IncomingMessage } from 'node:http';
import type { Json, Lane } from './lane.ts';
import { eventsOf, textOf } from './lane.ts';

const toolCall = (lane: Lane, name: string, args: Json): Json => ({
  id: lane.nextId(),
  method: 'tools/call',
  params: { name, arguments: args },
});

/** A plain call of a legacy client. */
export async function plainCall(lane: Lane): Promise<void> {
  const response = await lane.send(toolCall(lane, 'add', { a: 19, b: 23 }));
  check(await textOf(response), 'total 42');
}

/** Headers and metadata of a modern request. */
export const MODERN_HEADERS = {
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'add',
};
const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
};

/** The same call of a modern client. */
export async function modernCall(lane: Lane): Promise<void> {
  const params = { name: 'add', arguments: { a: 19, b: 23 }, _meta: MODERN_META };
  check(await textOf(await lane.send({ id: lane.nextId(), method: 'tools/call', params })), 'total 42');
}

function check(text: string, expected: string): void {
  if (!text.includes(expected)) throw new Error(`A measured call went wrong: ${text.slice(0, 300)}`);
}

/** A call with one question, answered as soon as it comes. */
export async function questionCall(lane: Lane): Promise<void> {
  const response = await lane.send(toolCall(lane, 'ask', { a: 19 }));
  let last: unknown;
  for await (const { message } of eventsOf(response)) {
    if (message?.method === 'elicitation/create') await answer(lane, message.id, 23);
    else if (message !== undefined) last = message;
  }
  check(JSON.stringify(last) ?? '', 'total 42');
}

/** A call with so many questions, one after the other, each answered as soon as it comes. */
export const manyQuestionsCall =
  (times: number) =>
  async (lane: Lane): Promise<void> => {
    const response = await lane.send(toolCall(lane, 'ask_many', { times }));
    let last: unknown;
    for await (const { message } of eventsOf(response)) {
      if (message?.method === 'elicitation/create') await answer(lane, message.id, 1);
      else if (message !== undefined) last = message;
    }
    check(JSON.stringify(last) ?? '', `total ${times}`);
  };

export async function answer(lane: Lane, id: unknown, amount: number): Promise<void> {
  const response = await lane.send({ id, result: { action: 'accept', content: { amount } } });
  if (response.statusCode !== 202) throw new Error(`An answer was refused: ${await textOf(response)}`);
  await textOf(response);
}

/** A call that waits: its open question, where the stream stood when it came, and the connection. */
export interface Waiting {
  readonly question: unknown;
  readonly eventId: string | undefined;
  readonly response: IncomingMessage;
}

/** Makes a call and reads on until it waits for its answer. The stream stays open. */
export async function waitingCall(lane: Lane, tool = 'ask', args: Json = { a: 19 }): Promise<Waiting> {
  const response = await lane.send(toolCall(lane, tool, args));
  return new Promise((resolve, reject) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('error', () => {});
    response.on('end', () => reject(new Error(`A call ended instead of waiting: ${text.slice(0, 300)}`)));
    response.on('data', chunk => {
      text += String(chunk);
      const found = /(?:^id: ?(\S+)\n(?:event: .*\n)?)?^data: ?(.*"elicitation\/create".*)\n\n/m.exec(text);
      if (found === null) return;
      response.removeAllListeners('end');
      resolve({ question: JSON.parse(found[2] ?? '').id, eventId: found[1], response });
    });
  });
}
