/** What a driver has written into an exchange's stream since the exchange was last committed. */
import { LIMITS } from '../base/limits.ts';
import type { SequencedEvent } from '../ports/event-log.ts';
import type { Exchange } from '../session/exchange.ts';
import type { Engine } from './engine.ts';

export async function writtenSince(engine: Engine, exchange: Exchange): Promise<readonly SequencedEvent[]> {
  const address = { session: exchange.session, stream: exchange.id };
  const events: SequencedEvent[] = [];
  for (;;) {
    const after = events.at(-1)?.sequence ?? exchange.sequence;
    const page = await engine.stores.events.read(address, after, LIMITS.eventsPerReadMax);
    events.push(...page);
    if (page.length < LIMITS.eventsPerReadMax) return events;
  }
}
