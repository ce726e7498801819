/**
 * What only a few may know, set once per stage with `sst secret set`; SST keeps it encrypted in a bucket of the account.
 */
import type { Plan } from './plan.ts';

export interface Secrets {
  /** Seals the state that travels through clients, and what is written to the table. Rotation: `docs/deploy.md`. */
  readonly keys: sst.Secret;
  /** The lines of `fermata key`. */
  readonly apiKeys: sst.Secret | undefined;
  /** More such lines, of those who may list and stop sessions. */
  readonly adminKeys: sst.Secret | undefined;
  /** By which a webhook knows us. */
  readonly webhook: sst.Secret | undefined;
  /** What the proxy shows to an upstream at a URL. */
  readonly upstreamHeaders: sst.Secret | undefined;
}

export const newSecrets = ({ auth, administrators, webhook, upstreamHeaders }: Plan): Secrets => ({
  keys: new sst.Secret('FermataKeys'),
  apiKeys: auth === 'api-key' ? new sst.Secret('FermataApiKeys') : undefined,
  adminKeys: administrators ? new sst.Secret('FermataAdminKeys') : undefined,
  webhook: webhook ? new sst.Secret('FermataWebhookSecret') : undefined,
  upstreamHeaders: upstreamHeaders ? new sst.Secret('FermataUpstreamHeaders') : undefined,
});
