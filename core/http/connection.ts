/**
 * One client connection as a signal: aborted when the request is abandoned, or when the body of its response is.
 *
 * What that means differs by era and is not decided here: a modern client that goes away cancels its call, a legacy one
 * only stops listening.
 */
export class Connection {
  readonly #request: Request;
  #controller: AbortController | undefined;

  constructor(request: Request) {
    this.#request = request;
  }

  /** Made when it is asked for: most legacy calls are answered at once, and ask for none. */
  get signal(): AbortSignal {
    return this.#made().signal;
  }

  /** The response's body was abandoned. */
  readonly gone = (): void => this.#made().abort(new Error('The client closed the connection.'));

  #made(): AbortController {
    if (this.#controller !== undefined) return this.#controller;
    this.#controller = new AbortController();
    const { signal } = this.#request;
    if (signal.aborted) this.gone();
    else signal.addEventListener('abort', this.gone, { once: true });
    return this.#controller;
  }
}
