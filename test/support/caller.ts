import { join } from "node:path";
import type { Mesh } from "./mesh.ts";
import type { Spawned } from "./spawn-weft.ts";

const program = join(import.meta.dir, "../e2e/programs/caller.ts");

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What many calls of one URL came to. */
export interface Tally {
  readonly calls: number;
  readonly slowestMs: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** Of the answers with status 200, by `version` and `name` of their bodies. */
  readonly versions: Readonly<Record<string, number>>;
  readonly names: Readonly<Record<string, number>>;
  /** The first few, in words. */
  readonly failures: readonly string[];
}

export interface Calling {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A workload that calls from inside the mesh when the test says so. */
export interface Caller {
  readonly workload: Spawned;
  call(url: string, calling?: Calling): Promise<Answer>;
  many(url: string, count: number, calling?: Calling & { parallel?: number }): Promise<Tally>;
  /** Calls without a pause until the function that comes back is called. */
  keepCalling(url: string, calling?: Calling & { parallel?: number }): () => Promise<Tally>;
}

/** Starts one with these flags of `weft run`. */
export async function startCaller(
  mesh: Pick<Mesh, "run">,
  flags: readonly string[],
): Promise<Caller> {
  const workload = await mesh.run(flags, [process.execPath, program]);
  const { port } = await workload.json();
  const order = async (path: string, value: unknown): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      body: JSON.stringify(value),
      signal: AbortSignal.timeout(60_000),
    });
    if (!response.ok) throw new Error(`the call failed: ${await response.text()}`);
    return await response.json();
  };
  const many = (url: string, count: number, calling: object, id: string) =>
    order("/many", { parallel: 16, ...calling, url, count, id }) as Promise<Tally>;
  return {
    workload,
    call: (url, calling = {}) => order("/call", { ...calling, url }) as Promise<Answer>,
    many: (url, count, calling = {}) => many(url, count, calling, ""),
    keepCalling: (url, calling = {}) => {
      const id = crypto.randomUUID();
      const tally = many(url, 0, calling, id);
      tally.catch(() => undefined); // whoever stops it hears of it
      return async () => {
        await order("/stop", { id });
        return await tally;
      };
    },
  };
}
