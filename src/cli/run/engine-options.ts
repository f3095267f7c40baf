/**
 * Settings of the JavaScript engine and its allocator for proxies, as environment variables (their own defaults in
 * brackets). Few objects of a proxy live longer than a request, so a small young generation costs little: with the defaults
 * it grows to the size of all that lives.
 * docs/decisions/0015-memory-of-a-proxy.md has the figures.
 */
const OPTIONS: Readonly<Record<string, string>> = {
  /** The heap may grow to 1.3 times what lived after the last collection (3 with more than 16 GB of memory, else 2). */
  BUN_JSC_heapGrowthMaxIncrease: "0.3",
  BUN_JSC_smallHeapGrowthFactor: "1.5",
  /**
   * The whole heap is walked when less than a fifth of it is room for new objects (a third). With a small heap a third is
   * soon reached, since what is written to on each request counts again and again: every third collection was a full one.
   */
  BUN_JSC_minEdenToOldGenerationRatio: "0.2",
  /** Octets that may be allocated before a first collection (8 MiB). */
  BUN_JSC_largeHeapSize: "4000000",
  /**
   * Compiled code is kept as long as its function lives (false: a collection of the whole heap drops what was compiled more
   * than 20 to 60 seconds ago, however often it runs). A proxy runs the same functions for days.
   */
  BUN_JSC_forceCodeBlockLiveness: "true",
  /** Collections stop the program (true: they run beside it): 3 ms for the heap of a proxy, and less work in all. */
  BUN_JSC_useConcurrentGC: "false",
  /** Threads that mark what lives (one a processor): so little is done by one before others have woken up. */
  BUN_JSC_numberOfGCMarkers: "1",
  /** A second thread keeps half a megabyte ready for the heap (true). */
  BUN_JSC_useWarmUpMarkedBlocks: "false",
  /**
   * Milliseconds until free memory goes back to the kernel (100). What one collection frees is wanted before the next: given
   * back in between it is a page fault of every request.
   */
  MIMALLOC_PURGE_DELAY: "1000",
};

/** The environment of a proxy; what the user has set stays. */
export function withEngineOptions(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  return { ...OPTIONS, ...environment };
}
