import { CliError } from "./cli-error.ts";

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `30s`, `1.5h`, `250ms`; a bare number is seconds. Milliseconds. Throws CliError `usage` that names the flag. */
export function readDuration(flag: string, text: string): number {
  const [, digits, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text) ?? [];
  if (digits === undefined)
    throw new CliError("usage", `${flag} ${text}: expected a duration, for example 30s or 2m`);
  return Number(digits) * units[unit as keyof typeof units];
}
