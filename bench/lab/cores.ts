// Which core runs what. Two are enough: one for the load, one for what is measured.
import { availableParallelism } from "node:os";

/** `load`: generators and the harness. `proxies`: every proxy of every arm. `any`: where the kernel likes. */
export type Core = "load" | "proxies" | "any";

const last = availableParallelism() - 1;
const cores: Record<Core, string> = {
  load: "0",
  proxies: `${Math.min(1, last)}`,
  any: `0-${last}`,
};

/** The command, pinned; SIGTERM reaches it even when the harness is killed and cannot send it. */
export function commandOn(core: Core, command: readonly string[]): string[] {
  return ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", cores[core], ...command];
}

/** Moves every thread of a running process. Throws when it is gone. */
export function pin(pid: number, core: Core): void {
  const run = Bun.spawnSync(["taskset", "-a", "-p", "-c", cores[core], `${pid}`]);
  if (run.exitCode !== 0) throw new Error(`cannot pin process ${pid}: ${run.stderr.toString()}`);
}
