/**
 * One client connection as a signal: aborted when the request is abandoned, or when the body of its response is.
 *
 * What that means differs by era and is not decided here: a modern client that goes away cancels its call, a legacy one
 * only stops listening.
 */
export interface Connection {
  readonly signal: AbortSignal;
  /** The response's body was abandoned. */
  readonly gone: () => void;
}

export function connectionOf(request: Request): Connection {
  const controller = new AbortController();
  const gone = () => controller.abort(new Error('The client closed the connection.'));
  if (request.signal.aborted) gone();
  else request.signal.addEventListener('abort', gone, { once: true });
  return { signal: controller.signal, gone };
}
