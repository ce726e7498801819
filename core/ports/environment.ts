/** Time and randomness as arguments, so that tests and simulations own both. */
export interface Environment {
  /** Milliseconds since the epoch. */
  now(): number;
  /** A fresh unguessable id of at least 128 bits, of visible ASCII characters (`A-Z a-z 0-9 - _`). */
  newId(): string;
}
