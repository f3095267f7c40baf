/** Wakes everybody who waits for "something happened"; they look again for themselves. */
export class Signal {
  #waiting: PromiseWithResolvers<void> | undefined;

  /** Resolves at the next `notify`. */
  next(): Promise<void> {
    this.#waiting ??= Promise.withResolvers<void>();
    return this.#waiting.promise;
  }

  notify(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve();
  }
}
