/**
 * Settings of the JavaScript engine for proxies, as environment variables (the engine's own defaults in brackets). Few
 * objects of a proxy live longer than a request, so a small young generation costs little: with the defaults it grows to
 * the size of all that lives.
 * docs/decisions/0015-memory-of-a-proxy.md has the figures.
 */
const OPTIONS: Readonly<Record<string, string>> = {
  /** The heap may grow to 1.7 times what lived after the last collection (3 with more than 16 GB of memory, else 2). */
  BUN_JSC_heapGrowthMaxIncrease: "0.7",
  BUN_JSC_smallHeapGrowthFactor: "1.5",
  /**
   * The whole heap is walked when less than a fifth of it is room for new objects (a third). With a small heap a third is
   * soon reached, since what is written to on each request counts again and again: every third collection was a full one.
   */
  BUN_JSC_minEdenToOldGenerationRatio: "0.2",
  /**
   * What a collection has found dead is freed at once (false: bit by bit, when its place is needed): the octets of dead
   * strings and buffers do not wait for the next collection.
   */
  BUN_JSC_sweepSynchronously: "true",
  /** Octets that may be allocated before a first collection (8 MiB). */
  BUN_JSC_largeHeapSize: "4000000",
  /**
   * Compiled code is kept as long as its function lives (false: a collection of the whole heap drops what was compiled more
   * than 20 to 60 seconds ago, however often it runs). A proxy runs the same functions for days.
   */
  BUN_JSC_forceCodeBlockLiveness: "true",
  /** Collections stop the program (true: they run beside it): 3 ms for the heap of a proxy, and less work in all. */
  BUN_JSC_useConcurrentGC: "false",
  /** A second thread keeps half a megabyte ready for the heap (true). */
  BUN_JSC_useWarmUpMarkedBlocks: "false",
};

/** The environment of a proxy; what the user has set stays. */
export function withEngineOptions(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  return { ...OPTIONS, ...environment };
}
