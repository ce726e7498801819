/**
 * Turns work that emits items and ends with an outcome into an iteration that gives the items and returns the outcome.
 *
 * Whoever iterates may stop at any time, and may go away: then the work's signal is aborted, and the iteration ends only
 * when the work has.
 */
export async function* pumped<Item, Outcome>(
  signal: AbortSignal,
  work: (emit: (item: Item) => void, signal: AbortSignal) => Promise<Outcome>,
): AsyncGenerator<Item, Outcome, void> {
  const abandoned = new AbortController();
  const abandon = (): void => abandoned.abort();
  if (signal.aborted) abandon();
  else signal.addEventListener('abort', abandon, { once: true });

  let items: Item[] = [];
  let wake = (): void => {};
  let ended: { readonly outcome: Outcome } | { readonly error: unknown } | undefined;
  const emit = (item: Item): void => {
    items.push(item);
    wake();
  };
  const working = work(emit, abandoned.signal)
    .then(
      outcome => {
        ended = { outcome };
      },
      (error: unknown) => {
        ended = { error };
      },
    )
    .then(() => wake());

  try {
    for (;;) {
      const ready = items;
      items = [];
      yield* ready;
      if (items.length > 0) continue;
      if (ended !== undefined) break;
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  } finally {
    signal.removeEventListener('abort', abandon);
    if (ended === undefined) abandon();
    await working;
  }
  if ('error' in ended) throw ended.error;
  return ended.outcome;
}
