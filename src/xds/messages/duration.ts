/** Milliseconds as protobuf's Duration; no fraction of a millisecond. */
export function toDuration(ms: number): { seconds: number; nanos: number } {
  return { seconds: Math.floor(ms / 1000), nanos: Math.round(ms % 1000) * 1_000_000 };
}

export function fromDuration(
  duration: { readonly seconds: number; readonly nanos: number } | undefined,
): number {
  return duration === undefined ? 0 : duration.seconds * 1000 + Math.round(duration.nanos / 1e6);
}
