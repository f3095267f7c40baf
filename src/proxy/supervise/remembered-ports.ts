import { readFileSync, renameSync, writeFileSync } from "node:fs";

/** Port numbers of one workload by socket name, so that a restart listens where it did before. */
export type RememberedPorts = Readonly<Record<string, number>>;

/** Nothing when the file is absent or damaged: ports are a convenience, any free one will do. */
export function readRememberedPorts(path: string): RememberedPorts {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof parsed !== "object" || parsed === null) return {};
    return Object.fromEntries(Object.entries(parsed).filter((entry) => isPort(entry[1])));
  } catch {
    return {}; // first start, or half a file
  }
}

/** Throws what the file system throws. */
export function writeRememberedPorts(path: string, ports: RememberedPorts): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(ports)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

const isPort = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;
