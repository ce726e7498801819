/** Authenticated encryption of what travels through clients, or lies where others may read it. Contract: `test/contracts/seal.contract.ts`. */
export interface Seal {
  /** Text to opaque, URL-safe text. `binding` is authenticated and not contained: opening needs the same. */
  seal(plain: string, binding: string): string;
  /** The text, or `undefined` for anything that is not ours, was altered, is bound otherwise, or whose key is gone. */
  open(sealed: string, binding: string): string | undefined;
  /** Bytes to bytes, for what is stored and not sent: nothing is packed, and neither form opens as the other. */
  sealBytes(plain: Uint8Array, binding: string): Uint8Array;
  openBytes(sealed: Uint8Array, binding: string): Uint8Array | undefined;
}
