/**
 * `subscriptions/listen` with `taskIds` (the extension for tasks, "Task Status Notifications"): what the upstream tells, and every
 * change of the named tasks, on one stream.
 *
 * Each task is told once at the beginning, so that nothing is missed between asking and listening. Of a task that changes faster
 * than the client reads only the newest state is told. An upstream that knows no listening does not keep tasks from being told.
 */
import { LIMITS } from '../base/limits.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { META } from '../protocol/envelope.ts';
import type { RpcNotification, RpcResponse } from '../protocol/messages.ts';
import { isObject } from '../protocol/messages.ts';
import { lastSequence } from '../session/exchange.ts';
import type { Engine } from './engine.ts';
import type { Task } from './task-forms.ts';
import { detailedTaskOf } from './task-forms.ts';
import { tend } from './tend.ts';

type Json = Record<string, unknown>;
type Said = RpcNotification | RpcResponse;
type Heard = IteratorResult<Said>;

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

/** Listens for a client; `tasks` are those of its own that it asked for. */
export async function* listenWithTasks(
  engine: Engine,
  request: ModernRequest,
  call: CallContext,
  tasks: readonly Task[],
): AsyncGenerator<Said> {
  const stop = new AbortController();
  const signal = AbortSignal.any([call.signal, engine.closing.signal, stop.signal]);
  const source = engine.upstream(withoutTaskIds(request), { ...call, signal })[Symbol.asyncIterator]();
  const changes = new Changes(engine, tasks, signal);
  try {
    const first = await source.next();
    const heard = acknowledged(first);
    yield acknowledgement(request, heard, tasks);
    let reading: Promise<Heard> | undefined = heard === undefined ? undefined : source.next();
    while (!signal.aborted) {
      for (const params of changes.taken()) yield tagged(request, { method: 'notifications/tasks', params });
      const news = await (reading === undefined ? changes.next : Promise.race([reading, changes.next]));
      if (news === undefined) continue;
      if (news.done) return;
      yield news.value;
      reading = source.next();
    }
  } finally {
    stop.abort();
    source.return?.().catch(() => undefined);
  }
}

const acknowledged = (first: Heard): RpcNotification | undefined =>
  !first.done && 'method' in first.value && first.value.method === ACKNOWLEDGED ? first.value : undefined;

function withoutTaskIds(request: ModernRequest): ModernRequest {
  const { taskIds: _, ...notifications } = isObject(request.params.notifications) ? request.params.notifications : {};
  return { ...request, params: { ...request.params, notifications } };
}

function acknowledgement(request: ModernRequest, heard: RpcNotification | undefined, tasks: readonly Task[]) {
  const honoured = isObject(heard?.params?.notifications) ? heard.params.notifications : {};
  const notifications = { ...honoured, taskIds: tasks.map(({ task }) => task.id) };
  return tagged(request, { method: ACKNOWLEDGED, params: { ...heard?.params, notifications } });
}

const tagged = ({ id }: ModernRequest, { method, params }: { method: string; params: Json }): RpcNotification => ({
  jsonrpc: '2.0',
  method,
  params: { ...params, _meta: { ...(isObject(params._meta) ? params._meta : {}), [META.subscriptionId]: id } },
});

/** The newest state of each task that was not told yet. */
class Changes {
  readonly #untold = new Map<string, Json>();
  #wake: () => void = () => undefined;
  /** Resolves when there is something to tell, or nothing to listen for any more. */
  next: Promise<undefined>;

  constructor(engine: Engine, tasks: readonly Task[], signal: AbortSignal) {
    this.next = this.#renewed();
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    for (const task of tasks) this.#follow(engine, task, signal).catch(() => undefined);
  }

  /** What is to be told now. */
  taken(): readonly Json[] {
    const untold = [...this.#untold.values()];
    this.#untold.clear();
    this.next = this.#renewed();
    return untold;
  }

  #renewed(): Promise<undefined> {
    return new Promise(resolve => {
      this.#wake = () => resolve(undefined);
    });
  }

  async #follow(engine: Engine, first: Task, signal: AbortSignal): Promise<void> {
    const { task } = first;
    const address = { session: first.session, stream: first.id };
    let told: string | undefined;
    let current: Task | undefined = first;
    while (current !== undefined && !signal.aborted) {
      const detailed = detailedTaskOf(current, current.task);
      const text = JSON.stringify(detailed);
      if (text !== told) {
        told = text;
        this.#untold.set(task.id, detailed);
        this.#wake();
      }
      if (current.phase === 'settled') return;
      tend(engine, current);
      await engine.stores.events.changed(address, lastSequence(current), signal, LIMITS.lookAgainMs);
      const found = await engine.stores.exchanges.load(first.session, first.id);
      current = found?.task === undefined ? undefined : { ...found, task: found.task };
    }
  }
}
