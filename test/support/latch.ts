/** A promise with its hands outside: something that has happened, or not yet. (`Promise.withResolvers` is not in Node 20.) */
export class Latch<T = void> {
  resolve: (value: T) => void = () => {};
  reject: (reason: unknown) => void = () => {};
  readonly promise: Promise<T> = new Promise((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}
