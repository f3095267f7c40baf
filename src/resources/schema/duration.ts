const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const whole = /^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/** Longest duration that a rule may have: protobuf's own limit, 10,000 years. */
const maxMs = 315_576_000_000_000;

/** Milliseconds of a duration as Go and protobuf write it (`1.5s`, `1h30m`, `500ms`, `0`), or undefined. Never negative. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  if (!whole.test(text)) return undefined;

  let sum = 0;
  for (const [, count = "", unit = ""] of text.matchAll(part))
    sum += Number(count) * (unitsMs[unit] ?? 0);
  const ms = Math.round(sum * 1e6) / 1e6;
  return ms <= maxMs ? ms : undefined;
}

/** For text that validation has seen. */
export function durationMs(text: string): number {
  return parseDuration(text) ?? 0;
}

/** The same, where the field may be absent. */
export function optionalDurationMs(text: string | undefined): number | undefined {
  return text === undefined ? undefined : durationMs(text);
}
