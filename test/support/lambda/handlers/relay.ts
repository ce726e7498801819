/**
 * A function that stands for any server: it passes requests on to the address that a header of them gives, and the answer back.
 * So an original in the process of a test is served by a real function.
 */
import { bufferedEntry } from '../../../../core/adapters/lambda-entry/buffered.ts';
import { streamingEntry } from '../../../../core/adapters/lambda-entry/streaming.ts';

const NOT_PASSED_ON = ['host', 'content-length', 'connection', 'x-relay-to'];

const app = {
  async fetch(request: Request): Promise<Response> {
    const headers = new Headers(request.headers);
    for (const name of NOT_PASSED_ON) headers.delete(name);
    const body = await request.text();
    const answer = await fetch(request.headers.get('x-relay-to') ?? '', { method: request.method, headers, body });
    // What comes is unpacked already.
    const passed = new Headers(answer.headers);
    passed.delete('content-encoding');
    return new Response(answer.body, { status: answer.status, headers: passed });
  },
};

const observer = (observation: unknown) => console.log(JSON.stringify(observation));
export const streaming = streamingEntry({ app, observer });
export const buffered = bufferedEntry({ app, observer });
