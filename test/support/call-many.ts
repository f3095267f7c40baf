import { join } from "node:path";
import type { Mesh } from "./mesh.ts";
import type { Spawned } from "./spawn-weft.ts";

/** What many calls of one URL came to. */
export interface Tally {
  readonly calls: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly versions: Readonly<Record<string, number>>;
  readonly names: Readonly<Record<string, number>>;
  /** The first few, in words. */
  readonly failures: readonly string[];
}

export interface Calling {
  readonly url: string;
  /** 0: until `stopFile` exists. */
  readonly count: number;
  readonly parallel?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly stopFile?: string;
}

const program = join(import.meta.dir, "../e2e/programs/call-many.ts");

/** Starts a workload `flags` that calls; its tally is printed when it ends. */
export function startCalling(
  mesh: Mesh,
  flags: readonly string[],
  calling: Calling,
): Promise<Spawned> {
  const { url, count, parallel = 16, headers = {}, method = "GET", stopFile = "" } = calling;
  const env = {
    URL: url,
    COUNT: `${count}`,
    PARALLEL: `${parallel}`,
    HEADERS: JSON.stringify(headers),
    METHOD: method,
    STOP_FILE: stopFile,
  };
  return mesh.run(flags, [process.execPath, program], { env });
}

/** Waits for its end and reads what it printed. */
export async function tallyOf(caller: Spawned): Promise<Tally> {
  const code = await caller.exited;
  if (code !== 0) throw new Error(`the caller ended with ${code}: ${caller.stderr.text}`);
  return (await caller.json()) as unknown as Tally;
}

/** Calls to the end. */
export async function callMany(
  mesh: Mesh,
  flags: readonly string[],
  calling: Calling,
): Promise<Tally> {
  return await tallyOf(await startCalling(mesh, flags, calling));
}
