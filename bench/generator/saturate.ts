// As many requests as the arm can take: wrk, closed loop, one thread on the load core.
import { join } from "node:path";
import type { Lab } from "../lab/lab.ts";

export interface SaturationOptions {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
}

export interface SaturationResult {
  readonly requests: number;
  readonly durationUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly badStatus: number;
  readonly brokenConnections: number;
}

const script = join(import.meta.dir, "wrk-report.lua");
let runs = 0;

/** Throws when wrk does not end by itself with figures. */
export async function saturate(lab: Lab, options: SaturationOptions): Promise<SaturationResult> {
  const { port, connections, seconds } = options;
  const command = [
    ...["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "--latency", "-s", script],
    `http://127.0.0.1:${port}/`,
  ];
  const name = `wrk-${++runs}`;
  const process = lab.start({ name, core: "load", command, output: "pipe" });
  const text = await new Response(process.stdout).text();
  const code = await process.exited;
  lab.signal.throwIfAborted();
  const line = text.split("\n").find((candidate) => candidate.startsWith("{"));
  if (code !== 0 || line === undefined)
    throw new Error(`wrk ended with ${code}: ${process.lastWords()}\n${text}`);
  return JSON.parse(line) as SaturationResult;
}
