import { readFileSync } from "node:fs";
import { availableParallelism, loadavg, release, totalmem } from "node:os";

/** What figures are worth nothing without. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly system: string;
  readonly kernel: string;
  readonly bun: string;
  /** Before the run; well above 0 means that others work here too. */
  readonly loadAverage: number;
}

export function describeMachine(): Machine {
  return {
    processor: field("/proc/cpuinfo", /^model name\s*:\s*(.+)$/m),
    cores: availableParallelism(),
    memoryMb: Math.round(totalmem() / 1e6),
    system: field("/etc/os-release", /^PRETTY_NAME="(.+)"$/m),
    kernel: release(),
    bun: Bun.version,
    loadAverage: loadavg()[0] ?? 0,
  };
}

export const machineLine = (machine: Machine): string =>
  `${machine.processor}, ${machine.cores} cores, ${(machine.memoryMb / 1_000).toFixed(0)} GB; ` +
  `${machine.system}, Linux ${machine.kernel}, Bun ${machine.bun}; load before ${machine.loadAverage.toFixed(2)}`;

function field(file: string, pattern: RegExp): string {
  try {
    return pattern.exec(readFileSync(file, "utf8"))?.[1]?.trim() ?? "unknown";
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return "unknown";
    throw cause;
  }
}
