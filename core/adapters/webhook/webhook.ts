/**
 * Tells of approvals that wait by HTTP POST, signed as "Standard Webhooks" says (https://www.standardwebhooks.com): id, timestamp and
 * body under HMAC-SHA256. It carries who asks, for which tool, and the link; never the arguments.
 *
 * Tried again with growing pauses, a bounded number of times; never redirected; and never to a private address unless that is
 * configured. A telling that fails is reported: the call waits all the same.
 */
import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Fault } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { ApprovalNotice, TellOfApproval } from '../../ports/approval-notice.ts';
import type { Environment } from '../../ports/environment.ts';
import type { Observer } from '../../ports/observer.ts';
import { isPrivate, publicLookup } from './addresses.ts';

export interface WebhookOptions {
  readonly url: string;
  /** `whsec_` and base64, or any text. */
  readonly secret: string;
  /** Whether it may lead to a private address. */
  readonly private?: boolean;
  readonly environment: Pick<Environment, 'now'>;
  readonly observer: Observer;
  /** Pause before the second try; it doubles. */
  readonly pauseMs?: number;
}

export interface Webhook {
  readonly tell: TellOfApproval;
  /** Resolves when nothing is being told any more. */
  idle(): Promise<void>;
  /** Stops trying. */
  close(): Promise<void>;
}

export function webhook(options: WebhookOptions): Webhook {
  const { observer } = options;
  const open = new Set<Promise<void>>();
  const closing = new AbortController();
  const report = (notice: ApprovalNotice, message: string): void =>
    observer({ event: 'webhook.failed', level: 'warning', tool: notice.tool, principal: notice.asker, message });
  return {
    tell(notice) {
      if (open.size >= LIMITS.webhooksOpenMax) return report(notice, 'too many are being told at once');
      const telling = told(options, notice, closing.signal)
        .catch(thrown => report(notice, thrown instanceof Error ? thrown.message : String(thrown)))
        .finally(() => open.delete(telling));
      open.add(telling);
    },
    async idle() {
      while (open.size > 0) await Promise.all(open);
    },
    async close() {
      closing.abort();
      await Promise.all(open);
    },
  };
}

async function told(options: WebhookOptions, notice: ApprovalNotice, signal: AbortSignal): Promise<void> {
  const body = bodyOf(notice);
  for (let attempt = 1, pauseMs = options.pauseMs ?? LIMITS.webhookPauseMs; ; attempt++, pauseMs *= 2) {
    const failure = await post(options, notice.id, body, signal).then(
      status => (status < 300 ? undefined : `it answered with status ${status}`),
      thrown => (thrown instanceof Error ? thrown.message : String(thrown)),
    );
    if (failure === undefined) return;
    if (attempt >= LIMITS.webhookAttemptsMax || signal.aborted)
      throw new Fault('upstream_unreachable', `The webhook was tried ${attempt} times: ${failure}.`);
    await setTimeout(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** `text` is what chats show. */
function bodyOf({ id, link, tool, title, asker, approvers, policy, atMs, expiresAtMs }: ApprovalNotice): string {
  const named = title === undefined ? tool : `${tool} (${title})`;
  return JSON.stringify({
    type: 'approval.requested',
    timestamp: new Date(atMs).toISOString(),
    text: `${asker} asks for an approval of ${named}: ${link}`,
    data: {
      id,
      link,
      tool,
      ...(title === undefined ? {} : { title }),
      asker,
      approvers,
      policy,
      expiresAt: new Date(expiresAtMs).toISOString(),
    },
  });
}

const PREFIX = 'whsec_';

/** The value of `webhook-signature`. */
export function signatureOf(secret: string, id: string, seconds: number, body: string): string {
  const key = secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret);
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
}

/** The status of the answer; its body is not read. */
function post(options: WebhookOptions, id: string, body: string, signal: AbortSignal): Promise<number> {
  const url = new URL(options.url);
  const isGuarded = options.private !== true;
  // A lookup is not made for an address.
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isGuarded && isIP(host) !== 0 && isPrivate(host))
    return Promise.reject(new Error(`${host} is a private address`));
  const seconds = Math.floor(options.environment.now() / 1_000);
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'fermata',
          'webhook-id': id,
          'webhook-timestamp': String(seconds),
          'webhook-signature': signatureOf(options.secret, id, seconds, body),
        },
        agent: false,
        signal: AbortSignal.any([signal, AbortSignal.timeout(LIMITS.webhookRequestMsMax)]),
        ...(isGuarded ? { lookup: publicLookup } : {}),
      },
      response => {
        response.resume();
        resolve(response.statusCode ?? 0);
        response.destroy();
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}
