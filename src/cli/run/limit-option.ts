import type { LimitName, ProxyLimits } from "#proxy/limits/limit-table.ts";
import { readLimit } from "#proxy/limits/read-limits.ts";
import { CliError } from "../cli-error.ts";

/** `--limit NAME=VALUE`, each at most once. Throws CliError `usage`. */
export function readLimitOptions(texts: readonly string[], engine: string): Partial<ProxyLimits> {
  const limits: Partial<Record<LimitName, number>> = {};
  if (texts.length > 0 && engine !== "weft")
    throw new CliError("usage", "--limit goes with Weft's own engine", "Envoy has its own limits");
  for (const text of texts) {
    const read = readLimit(text);
    if (read.kind === "wrong") throw new CliError("usage", `--limit ${read.reason}`, read.hint);
    if (limits[read.name] !== undefined)
      throw new CliError("usage", `--limit ${text}: ${read.name} is given twice`);
    limits[read.name] = read.value;
  }
  return limits;
}
