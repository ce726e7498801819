/** A 2026-07-28 server somewhere on the network as a `StatelessServer`, reached by HTTP. */
import type { Observer } from '../../ports/observer.ts';
import type { StatelessServer } from '../../ports/stateless-server.ts';
import { upstreamServer } from '../../upstream/upstream.ts';
import { httpCarrier } from './carrier.ts';
import type { UpstreamOptions } from './post.ts';
import { upstreamOf } from './post.ts';

export interface HttpServerOptions extends UpstreamOptions {
  readonly observer: Observer;
}

export const httpServer = (options: HttpServerOptions): StatelessServer =>
  upstreamServer(httpCarrier(upstreamOf(options)), options.observer);
