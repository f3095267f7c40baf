/** Waiting as an argument: tests give timers that they advance by hand. */
export interface Timers {
  /** Calls back once after so many milliseconds, unless disposed before. */
  after(delayMs: number, callback: () => void): Disposable;
}

/** Real time. A waiting timer does not keep the process alive. */
export const systemTimers: Timers = {
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.max(0, delayMs));
    timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
