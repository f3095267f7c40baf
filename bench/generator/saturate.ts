// As many requests as the arm can take: wrk, closed loop, one thread on the load core.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../lab/lab.ts";
import type { LoadResult } from "./load-result.ts";

export interface SaturationOptions {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** Whole request heads, asked for in turn. */
  readonly heads: readonly string[];
}

interface WrkReport {
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
export async function saturate(lab: Lab, options: SaturationOptions): Promise<LoadResult> {
  const { port, connections, seconds, heads } = options;
  const name = `wrk-${++runs}`;
  const file = join(lab.folder("wrk"), name);
  writeFileSync(file, heads.join("\n"));
  const command = [
    ...["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "--latency", "-s", script],
    ...[`http://127.0.0.1:${port}/`, "--", file],
  ];
  const process = lab.start({ name, core: "load", command, output: "pipe" });
  const text = await new Response(process.stdout).text();
  const code = await process.exited;
  lab.signal.throwIfAborted();
  const line = text.split("\n").find((candidate) => candidate.startsWith("{"));
  if (code !== 0 || line === undefined)
    throw new Error(`wrk ended with ${code}: ${process.lastWords()}\n${text}`);
  const { requests, durationUs, p50Us, p99Us, ...bad } = JSON.parse(line) as WrkReport;
  return {
    requests,
    failures: bad.badStatus + bad.brokenConnections,
    metrics: { requestsPerSecond: requests / (durationUs / 1e6), p50Us, p99Us },
  };
}
