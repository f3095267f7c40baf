export interface EventuallyOptions {
  /** Default 10 s. */
  readonly deadlineMs?: number;
  /** Between two looks; default 25 ms. */
  readonly everyMs?: number;
}

type Falsy = false | 0 | "" | null | undefined;

/**
 * Looks until the condition gives something true, and returns that. A condition that throws counts as not yet; so
 * assertions can stand in it. Past the deadline it throws what was seen last.
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  { deadlineMs = 10_000, everyMs = 25 }: EventuallyOptions = {},
): Promise<Exclude<T, Falsy>> {
  const until = performance.now() + deadlineMs;
  for (;;) {
    const seen = await look(condition);
    if (seen.kind === "value" && isTruthy(seen.value)) return seen.value;
    if (performance.now() >= until) {
      const last = seen.kind === "error" ? seen.error : `it gave ${Bun.inspect(seen.value)}`;
      throw new Error(`not within ${deadlineMs} ms: ${last}`, { cause: last });
    }
    await Bun.sleep(everyMs);
  }
}

/** `eventually` for assertions, which give nothing back. */
export async function eventuallyHolds(
  assertions: () => void | Promise<void>,
  options?: EventuallyOptions,
): Promise<void> {
  await eventually(async () => {
    await assertions();
    return true;
  }, options);
}

type Seen<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "error"; readonly error: unknown };

async function look<T>(condition: () => T | Promise<T>): Promise<Seen<T>> {
  try {
    return { kind: "value", value: await condition() };
  } catch (error) {
    return { kind: "error", error };
  }
}

function isTruthy<T>(value: T): value is Exclude<T, Falsy> {
  return Boolean(value);
}
