import { join } from "node:path";
import type { PeerFiles } from "../arms/peer-certificates.ts";
import type { Lab } from "../lab/lab.ts";
import type { LoadResult } from "./load-result.ts";

export interface HandshakeOptions {
  readonly port: number;
  readonly alpn?: readonly string[];
  readonly files: PeerFiles;
  /** At once. */
  readonly connections: number;
  readonly seconds: number;
  /** What is asked on each connection. */
  readonly head: string;
}

const program = join(import.meta.dir, "handshake-client.ts");
let runs = 0;

/** Runs the handshake client on the load core. Throws when it does not end by itself. */
export async function loadHandshakes(lab: Lab, options: HandshakeOptions): Promise<LoadResult> {
  const name = `handshakes-${++runs}`;
  const command = [process.execPath, program, JSON.stringify(options)];
  const child = lab.start({ name, core: "load", command, output: "pipe" });
  const text = await new Response(child.stdout).text();
  const code = await child.exited;
  lab.signal.throwIfAborted();
  if (code !== 0) throw new Error(`the handshake client ended with ${code}: ${child.lastWords()}`);
  const { requests, failures, p50Us, p99Us } = JSON.parse(text) as Record<string, number>;
  const perSecond = (requests ?? 0) / options.seconds;
  return {
    requests: requests ?? 0,
    failures: failures ?? 0,
    metrics: { requestsPerSecond: perSecond, p50Us: p50Us ?? 0, p99Us: p99Us ?? 0 },
  };
}
