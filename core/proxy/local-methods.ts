/**
 * The legacy methods that the proxy answers itself, because the modern era has no such request: one row per method.
 *
 * What they change is the session; later requests to the upstream carry it in their envelope.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { RpcNotification, RpcRequest } from '../protocol/messages.ts';
import { isLogLevel, LOG_LEVELS } from '../protocol/methods.ts';
import type { Session } from '../session/session.ts';
import { cancelled } from './cancellation.ts';
import { changeSession } from './changes.ts';
import type { Engine } from './engine.ts';

type LocalMethod = (engine: Engine, session: Session, params: RpcRequest['params']) => Promise<void>;

/** Each answers `{}`. */
export const LOCAL_METHODS: Readonly<Record<string, LocalMethod>> = {
  ping: async () => {},
  'logging/setLevel': async (engine, session, params) => {
    const level = params?.level;
    if (!isLogLevel(level)) throw new Fault('invalid_params', `level must be one of ${LOG_LEVELS.join(', ')}.`);
    await changeSession(engine, session, current =>
      current.logLevel === level ? current : { ...current, logLevel: level },
    );
  },
  'resources/subscribe': async (engine, session, params) => {
    const uri = uriOf(params);
    await changeSession(engine, session, current => {
      if (current.subscriptions.includes(uri)) return current;
      if (current.subscriptions.length >= LIMITS.subscriptionsPerSessionMax) {
        throw new Fault(
          'invalid_params',
          `A session may subscribe to ${LIMITS.subscriptionsPerSessionMax} resources at most.`,
        );
      }
      return { ...current, subscriptions: [...current.subscriptions, uri] };
    });
    engine.sessionsChanged.notify(session.id);
  },
  'resources/unsubscribe': async (engine, session, params) => {
    const uri = uriOf(params);
    await changeSession(engine, session, current =>
      current.subscriptions.includes(uri)
        ? { ...current, subscriptions: current.subscriptions.filter(subscribed => subscribed !== uri) }
        : current,
    );
    engine.sessionsChanged.notify(session.id);
  },
};

function uriOf(params: RpcRequest['params']): string {
  const uri = params?.uri;
  if (typeof uri !== 'string' || uri.length === 0) throw new Fault('invalid_params', 'uri must be a non-empty string.');
  return uri;
}

type LocalNotification = (engine: Engine, session: Session, notification: RpcNotification) => Promise<void>;

/** Notifications that mean something here; any other is accepted and ignored. */
export const LOCAL_NOTIFICATIONS: Readonly<Record<string, LocalNotification>> = {
  'notifications/cancelled': cancelled,
  'notifications/roots/list_changed': async (engine, session) => {
    await changeSession(engine, session, current => {
      const { roots, ...rest } = current;
      return roots === undefined ? current : rest;
    });
  },
};
