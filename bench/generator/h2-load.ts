// As many requests as the arm can take over HTTP/2: h2load, closed loop, one thread on the load core.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { grpcMessage } from "../backend/grpc-backend.ts";
import type { Lab } from "../lab/lab.ts";
import type { LoadResult } from "./load-result.ts";

export interface Http2LoadOptions {
  readonly port: number;
  readonly host: string;
  readonly path: string;
  /** `grpc`: a unary call, its message in the body. */
  readonly kind: "http2" | "grpc";
  readonly connections: number;
  readonly streamsPerConnection: number;
  readonly seconds: number;
}

let runs = 0;

/** Throws when h2load does not end by itself with figures. */
export async function loadHttp2(lab: Lab, options: Http2LoadOptions): Promise<LoadResult> {
  const { port, host, path, kind, connections, streamsPerConnection, seconds } = options;
  const name = `h2load-${++runs}`;
  const command = [
    ...["h2load", "--threads=1", `--clients=${connections}`],
    ...[`--max-concurrent-streams=${streamsPerConnection}`, `--duration=${seconds}s`],
    ...(kind === "grpc" ? grpcArguments(lab) : []),
    ...["--header", `:authority: ${host}`, `http://127.0.0.1:${port}${path}`],
  ];
  const process = lab.start({ name, core: "load", command, output: "pipe" });
  const text = await new Response(process.stdout).text();
  const code = await process.exited;
  lab.signal.throwIfAborted();
  if (code !== 0) throw new Error(`h2load ended with ${code}: ${process.lastWords()}\n${text}`);
  return readHttp2Load(text);
}

function grpcArguments(lab: Lab): readonly string[] {
  const file = join(lab.folder("h2load"), "message");
  writeFileSync(file, grpcMessage());
  const fields = ["content-type: application/grpc", "te: trailers"];
  return [`--data=${file}`, ...fields.flatMap((field) => ["--header", field])];
}

/**
 * What h2load prints at its end. Throws when it is not that. `failed` holds what was reset and each 4xx and 5xx, and
 * takes a 3xx for a success. A status counts with its head, a request with its end: when the time is up, answers whose
 * body is still on its way are among the 2xx and not among the done.
 */
export function readHttp2Load(text: string): LoadResult {
  const [, perSecond] = /^finished in .+?, ([\d.]+) req\/s/m.exec(text) ?? [];
  const [, done, failed] =
    /^requests: .+?, (\d+) done, \d+ succeeded, (\d+) failed/m.exec(text) ?? [];
  const [, moved] = /^status codes: \d+ 2xx, (\d+) 3xx/m.exec(text) ?? [];
  const [, mean] = /^time for request:\s+\S+\s+\S+\s+(\S+)/m.exec(text) ?? [];
  if (perSecond === undefined || done === undefined || mean === undefined)
    throw new Error(`h2load printed no figures:\n${text}`);
  const requests = Number(done);
  const failures = Number(failed) + Number(moved);
  const metrics = { requestsPerSecond: Number(perSecond), meanUs: microseconds(mean) };
  return { requests, failures, metrics };
}

const unitUs: Readonly<Record<string, number>> = { us: 1, ms: 1e3, s: 1e6 };

function microseconds(text: string): number {
  const [, value, unit = ""] = /^([\d.]+)(us|ms|s)$/.exec(text) ?? [];
  const scale = unitUs[unit];
  if (value === undefined || scale === undefined) throw new Error(`"${text}" is no duration`);
  return Number(value) * scale;
}
