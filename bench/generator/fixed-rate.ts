import { join } from "node:path";
import type { Lab } from "../lab/lab.ts";

export interface FixedRateOptions {
  readonly port: number;
  /** Requests per second. */
  readonly rate: number;
  readonly connections: number;
  readonly seconds: number;
}

/** Latencies from the moment at which each request was due. */
export interface FixedRateResult {
  readonly requests: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
  /** Requests that took longer than 50 ms. */
  readonly over50Ms: number;
}

const program = join(import.meta.dir, "open-loop.ts");
let runs = 0;

/** Runs the open-loop generator on the load core. Throws when any answer is missing or is not a 200. */
export async function runFixedRate(lab: Lab, options: FixedRateOptions): Promise<FixedRateResult> {
  const { port, rate, connections, seconds } = options;
  const name = `open-loop-${++runs}`;
  const command = [process.execPath, program, ...[port, rate, connections, seconds].map(String)];
  const child = lab.start({ name, core: "load", command, output: "pipe" });
  const text = await new Response(child.stdout).text();
  const code = await child.exited;
  lab.signal.throwIfAborted();
  if (code !== 0)
    throw new Error(`the open-loop generator ended with ${code}: ${child.lastWords()}`);
  return JSON.parse(text) as FixedRateResult;
}
