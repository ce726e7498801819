/** A server somewhere on the network as a `StatelessServer`, reached by HTTP: one of 2026-07-28, or one of either era. */
import type { Observer } from '../../ports/observer.ts';
import type { Era } from '../../upstream/era.ts';
import { anyEraServer } from '../../upstream/era.ts';
import type { LegacyParts } from '../../upstream/legacy-server.ts';
import { upstreamServer } from '../../upstream/upstream.ts';
import type { UpstreamServer } from '../../upstream/upstream-server.ts';
import { keepingNothing } from '../../upstream/upstream-server.ts';
import { httpCarrier } from './carrier.ts';
import type { UpstreamOptions } from './post.ts';
import { upstreamOf } from './post.ts';

export interface HttpServerOptions extends UpstreamOptions {
  readonly observer: Observer;
  /** What it takes to call servers of 2025 as well; without it only modern ones can be. */
  readonly legacy?: LegacyParts | undefined;
  /** Asked of the server unless it is given. */
  readonly era?: Era | undefined;
}

export function httpServer({ observer, legacy, era, ...options }: HttpServerOptions): UpstreamServer {
  const carrier = httpCarrier(upstreamOf(options));
  return legacy === undefined
    ? keepingNothing(upstreamServer(carrier, observer))
    : anyEraServer(carrier, { ...legacy, observer, era });
}
