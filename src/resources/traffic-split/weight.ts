const multipliers: Readonly<Record<string, number>> = { "": 1000, m: 1, k: 1_000_000 };

/** Thousandths of a weight: `1` and `"1"` are 1000, `"500m"` and `"0.5"` are 500. Undefined when it is not one. */
export function weightMillis(weight: number | string): number | undefined {
  if (typeof weight === "number") return weight >= 0 ? weight * 1000 : undefined;
  const [, digits, suffix = ""] = /^(\d{1,9}(?:\.\d{1,3})?)([mk]?)$/.exec(weight) ?? [];
  if (digits === undefined) return undefined;
  const millis = Number(digits) * (multipliers[suffix] ?? 0);
  return Math.round(millis);
}
