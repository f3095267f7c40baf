import { type HttpLine, openHttpLine } from "./http-line.ts";
import type { Spawned } from "./spawn-weft.ts";
import { proxiesOf } from "./workload-processes.ts";

/** The processes of a proxy with several workers, as its metrics and the host show them. */
export interface ProxyWorkers {
  /** Numbers of its processes. */
  pids(): readonly number[];
  /** Sum of all series with this name whose labels have this text. */
  sum(name: string, label?: string): Promise<number>;
  /** By worker. */
  connections(): Promise<readonly number[]>;
  starts(): Promise<readonly number[]>;
  page(path: string): Promise<string>;
}

/** Of a workload whose `weft run` has said where its proxy's admin address is. */
export async function proxyWorkers(workload: Spawned, count: number): Promise<ProxyWorkers> {
  const [, admin] = await workload.stderr.line(/proxy admin at (http:\S+)/);
  const page = async (path: string) => await (await fetch(`${admin}${path}`)).text();
  const values = async (name: string, label = "") => {
    const lines = (await page("/stats/prometheus")).split("\n");
    return lines
      .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
      .map(lastNumber);
  };
  const perWorker = async (name: string) => {
    const found = Array.from({ length: count }, (_, n) => values(name, `worker="${n + 1}"`));
    return (await Promise.all(found)).map(([value = 0]) => value);
  };
  return {
    pids: () => proxiesOf(workload),
    sum: async (name, label) => (await values(name, label)).reduce((sum, more) => sum + more, 0),
    connections: () => perWorker("weft_worker_connections_total"),
    starts: () => perWorker("weft_worker_starts_total"),
    page,
  };
}

/** A line to each worker that listens at a port: whose counter grows has got the connection. */
export async function lineToEach(
  workers: ProxyWorkers,
  port: number,
): Promise<readonly HttpLine[]> {
  const lines: HttpLine[] = [];
  for (;;) {
    const before = await workers.connections();
    const line = await openHttpLine(port);
    await line.send("/"); // it is accepted now
    const after = await workers.connections();
    const worker = after.findIndex((count, n) => count > (before[n] ?? 0));
    if (lines[worker] === undefined) lines[worker] = line;
    else line[Symbol.dispose]();
    if (before.every((_, n) => lines[n] !== undefined)) return lines;
  }
}

const lastNumber = (line: string): number => Number(line.slice(line.lastIndexOf(" ") + 1));
