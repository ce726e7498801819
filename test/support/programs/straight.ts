/**
 * Runs one tool call of a program straight through, with a live client of the legacy era: no runner, no journal. This is what
 * replaying is measured against.
 */
import type { Program, ProgramInstance } from '../../../core/ports/program.ts';
import type { Message, Outcome, RpcNotification } from '../../../core/protocol/messages.ts';
import { isNotification, isRequest, outcomeOf } from '../../../core/protocol/messages.ts';
import { EVERY_CAPABILITY } from './calling.ts';

type Json = Record<string, unknown>;

export interface Straight {
  readonly outcome: Outcome;
  readonly questions: readonly { readonly method: string; readonly params: Json }[];
  readonly notifications: readonly RpcNotification[];
}

/** `answer` gives the client's result for a question, after as many turns of the event loop as it likes. */
export async function straightThrough(
  program: Program,
  params: Json,
  answer: (question: { method: string; params: Json }) => Promise<Json>,
): Promise<Straight> {
  const questions: { method: string; params: Json }[] = [];
  const notifications: RpcNotification[] = [];
  let instance: ProgramInstance | undefined;
  const outcome = await new Promise<Outcome>((resolve, reject) => {
    const onMessage = (message: Message): void => {
      if (isNotification(message)) notifications.push(message);
      else if (isRequest(message)) {
        const question = { method: message.method, params: (message.params ?? {}) as Json };
        questions.push(question);
        answer(question).then(result => instance?.send({ jsonrpc: '2.0', id: message.id, result }), reject);
      } else if (message.id === 'initialize') {
        instance?.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
        instance?.send({ jsonrpc: '2.0', id: 'call', method: 'tools/call', params });
      } else if (message.id === 'call') resolve(outcomeOf(message));
    };
    const onExit = (reason: { message: string }): void => reject(new Error(reason.message));
    program.start({ onMessage, onGarbage: () => {}, onExit }).then(started => {
      instance = started;
      const client = {
        protocolVersion: '2025-11-25',
        capabilities: EVERY_CAPABILITY,
        clientInfo: { name: 'live', version: '1' },
      };
      started.send({ jsonrpc: '2.0', id: 'initialize', method: 'initialize', params: client });
    }, reject);
  });
  await instance?.end('stop');
  return { outcome, questions, notifications };
}
