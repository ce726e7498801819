/** Authenticated encryption of what travels through clients. Contract: `test/contracts/seal.contract.ts`. */
export interface Seal {
  /** Text to opaque, URL-safe text. `binding` is authenticated and not contained: opening needs the same. */
  seal(plain: string, binding: string): string;
  /** The text, or `undefined` for anything that is not ours, was altered, is bound otherwise, or whose key is gone. */
  open(sealed: string, binding: string): string | undefined;
}
