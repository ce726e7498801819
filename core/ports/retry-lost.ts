/**
 * What to do with a round that had reached the upstream when its process died, so that nobody knows what it did.
 *
 * `idempotent` runs it again only where the tool says that this does no harm (`readOnlyHint`, `idempotentHint`) or the method
 * is repeatable by its nature. The proxy asks this of its exchanges, the runner of rounds that no lease guards.
 */
export type RetryLost = 'never' | 'idempotent' | 'always';
