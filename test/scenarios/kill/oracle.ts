/**
 * The oracle of the kill test: what must be true of a call that lived through the death of its server, whenever that was.
 *
 * It reads the record of one client and the notes of the program, and gives complaints; no complaint, no loss.
 */
import type { RpcRequest } from '../../../core/protocol/messages.ts';
import { isNotification, isObject, isRequest, isResponse } from '../../../core/protocol/messages.ts';
import type { CallRecord } from '../../support/clients/patient-call.ts';
import type { WireEvent } from '../../support/clients/wire.ts';
import { textIn } from '../../support/clients/wire.ts';
import type { Field, Trial } from './plan.ts';

/** How a call ended. */
export type Ending = 'completed' | 'lost';

export const endingOf = ({ response }: CallRecord): Ending | undefined => {
  if (response === undefined) return undefined;
  if (!('error' in response)) return 'completed';
  return isObject(response.error.data) && response.error.data.code === 'upstream_lost' ? 'lost' : undefined;
};

/** The answer a trial gives to a question: nobody else gives the same. */
export const answerFor = (trial: Trial, field: Field, call: number): string =>
  `${field} of ${trial.name}, call ${call}`;

export const fieldOf = (question: RpcRequest): Field =>
  String(question.params?.message).startsWith('Seat') ? 'seat' : 'meal';

/** Every event once and in order, one response, questions once, progress that only rises. */
export function streamComplaints(record: CallRecord): readonly string[] {
  return [...record.attachments.flatMap(orderComplaints()), ...contentComplaints(record)];
}

/** Ids count without a gap over all connections; a connection begins where the last one ended. */
function orderComplaints(): (attachment: CallRecord['attachments'][number]) => readonly string[] {
  let last: { stream: string; sequence: number } | undefined;
  return ({ after, events }) =>
    events.flatMap(({ id, message }, index) => {
      if (id === undefined) return message !== undefined && isResponse(message) ? ['a response without an id'] : [];
      const dot = id.lastIndexOf('.');
      const [stream, sequence] = [id.slice(0, dot), Number(id.slice(dot + 1))];
      const before = last;
      last = { stream, sequence };
      if (before !== undefined && before.stream !== stream) return [`the stream changed to ${id}`];
      const expected = message === undefined ? (before?.sequence ?? 0) : (before?.sequence ?? 0) + 1;
      const complaints = sequence === expected ? [] : [`event ${id} where ${expected} was due`];
      const isFirst = events.slice(0, index).every(event => event.id === undefined);
      if (isFirst && message !== undefined) complaints.push(`a connection (after ${after}) without a priming event`);
      return complaints;
    });
}

const messagesOf = (record: CallRecord): readonly WireEvent[] =>
  record.attachments.flatMap(({ events }) => events).filter(({ message }) => message !== undefined);

function contentComplaints(record: CallRecord): readonly string[] {
  const seen = messagesOf(record).flatMap(({ message }) => (message === undefined ? [] : [message]));
  const complaints: string[] = [];
  const responses = seen.filter(isResponse);
  if (record.attachments.length > 0 && responses.length !== 1) complaints.push(`${responses.length} responses`);
  if (responses.length > 0 && !isResponse(seen.at(-1))) complaints.push('something came after the response');
  if (record.response?.id !== record.request.id) complaints.push(`a response to ${String(record.response?.id)}`);
  const asked = seen.filter(isRequest).map(({ params }) => String(params?.message));
  if (new Set(asked).size < asked.length) complaints.push(`a question came twice: ${asked.join(' ')}`);
  const steps = seen.filter(isNotification).filter(({ method }) => method === 'notifications/progress');
  const values = steps.map(({ params }) => Number(params?.progress));
  if (values.some((value, index) => index > 0 && value <= (values[index - 1] ?? 0)))
    complaints.push(`progress went ${values.join(', ')}`);
  return complaints;
}

/** What a redelivery of the whole stream says must be what was seen. */
export function redeliveryComplaints(record: CallRecord, redelivered: readonly WireEvent[]): readonly string[] {
  const text = (events: readonly WireEvent[]): string =>
    JSON.stringify(events.filter(event => event.message !== undefined && event.id !== undefined));
  const seen = text(messagesOf(record));
  return seen === text(redelivered) ? [] : [`seen was ${seen}, but redelivered ${text(redelivered)}`];
}

/** The calls a trial made, in order: a second one where the first was lost. */
export interface TrialRecord {
  readonly trial: Trial;
  readonly calls: readonly CallRecord[];
  /** How often the program had entered its last stage when each call had ended. */
  readonly finals: readonly number[];
}

/** How the calls of a trial ended, what they said, and how often the program did what must not be done twice. */
export function outcomeComplaints({ trial, calls, finals }: TrialRecord): readonly string[] {
  const endings = calls.map(endingOf);
  const last = calls.at(-1);
  if (last === undefined || endings.at(-1) !== 'completed') return [`ended with ${JSON.stringify(last?.response)}`];
  const complaints: string[] = [];
  if (trial.tool === 'book_again' && calls.length > 1) complaints.push('was lost although it may be repeated');
  const answers = new Map(
    calls.flatMap(call => call.answers.map(({ question, result }) => [fieldOf(question), result])),
  );
  const asked = calls.flatMap(call => call.answers.map(({ question }) => fieldOf(question)));
  if (asked.length !== answers.size) complaints.push(`an answered question was asked again: ${asked.join(' ')}`);
  const said = (field: Field): unknown => {
    const content = answers.get(field)?.content;
    return isObject(content) ? content[field] : undefined;
  };
  const expected = `${trial.name}: ${String(said('seat'))}, ${String(said('meal'))}`;
  if (textIn(last.response) !== expected) complaints.push(`said ${textIn(last.response)} instead of ${expected}`);
  if (trial.tool === 'book') complaints.push(...executionComplaints(endings, finals));
  return complaints;
}

/** The last stage of a tool that must not be repeated is entered once by a call that completes, at most once by one that is lost. */
function executionComplaints(endings: readonly (Ending | undefined)[], finals: readonly number[]): readonly string[] {
  return endings.flatMap((ending, index) => {
    const entered = (finals[index] ?? 0) - (finals[index - 1] ?? 0);
    const isRight = ending === 'completed' ? entered === 1 : entered <= 1;
    return isRight ? [] : [`call ${index + 1} (${ending}) entered the last stage ${entered} times`];
  });
}
