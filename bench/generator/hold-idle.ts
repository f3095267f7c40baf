import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PeerFiles } from "../arms/peer-certificates.ts";
import type { Lab } from "../lab/lab.ts";
import { until } from "../lab/wait.ts";

export interface IdleOptions {
  readonly port: number;
  readonly connections: number;
  /** What is asked once on each connection. */
  readonly head: string;
  readonly tls?: { readonly alpn?: readonly string[]; readonly files: PeerFiles };
}

const program = join(import.meta.dir, "idle-client.ts");
const OPEN_WITHIN_MS = 60_000;
let runs = 0;

/** Does the work while so many connections are open and idle. Throws when one of them cannot be opened or is lost. */
export async function whileIdle<T>(
  lab: Lab,
  options: IdleOptions,
  work: () => Promise<T>,
): Promise<T> {
  const name = `idle-${++runs}`;
  const output = join(lab.folder(name), "output.log");
  const command = [process.execPath, program, JSON.stringify(options)];
  const client = lab.start({ name, core: "load", command, output });
  try {
    const what = `${options.connections} connections are open`;
    await until({ lab, watched: [client], what, deadlineMs: OPEN_WITHIN_MS }, () =>
      readFileSync(output, "utf8").includes("open"),
    );
    const result = await work();
    if (client.hasEnded()) throw new Error(`idle connections were lost: ${client.lastWords()}`);
    return result;
  } finally {
    await client.stop();
  }
}
