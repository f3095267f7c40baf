import { WORKERS_MAX } from "#proxy/workers/shared-state.ts";
import { CliError } from "../cli-error.ts";

/** How many processes (threads, of an Envoy) carry the traffic. Throws CliError. */
export function readConcurrency(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= WORKERS_MAX) return count;
  throw new CliError(
    "usage",
    `--concurrency ${text}: expected a whole number from 1 to ${WORKERS_MAX}`,
    "one for each processor that the proxy may keep busy",
  );
}
