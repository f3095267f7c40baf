import { join } from "node:path";
import { type Spawned, spawnProgram } from "./spawn-weft.ts";

const program = join(import.meta.dir, "../e2e/programs/steady-load.ts");

export interface LoadResult {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  /** The first few, in words. */
  readonly failures: readonly string[];
  /** Times that a connection was opened. */
  readonly opened: number;
  readonly slowestMs: number;
  /** From the first request to the last answer. */
  readonly durationMs: number;
  /** From the moment at which a request was due. */
  readonly p50Us: number;
  readonly p99Us: number;
}

export interface Load {
  /** On a port of this host. */
  readonly port: number;
  /** Requests per second. */
  readonly rate: number;
  readonly seconds: number;
  readonly connections: number;
}

/** Requests at a fixed rate, half of them POST, none of them tried twice. Prints a `LoadResult` at its end. */
export function startSteadyLoad({ port, rate, seconds, connections }: Load): Spawned {
  const words = [port, rate, seconds, connections].map(String);
  return spawnProgram([process.execPath, program, ...words]);
}
