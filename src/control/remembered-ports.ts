// With `--port 0` a control plane still comes back on the ports it had: its proxies are looking for it there.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DataDirectory } from "./data-directory.ts";

export interface PortMemory {
  readonly ports: Readonly<Record<string, number>>;
  save(ports: Readonly<Record<string, number>>): void;
}

export function readPorts({ path }: DataDirectory): PortMemory {
  const file = join(path, "ports.json");
  return {
    ports: readNumbers(file),
    save: (ports) => writeFileSync(file, `${JSON.stringify(ports)}\n`, { mode: 0o600 }),
  };
}

/** Listens on `port`; for 0 on the remembered one, and on any other when that is taken. */
export async function onRememberedPort<T>(
  { ports }: PortMemory,
  name: string,
  port: number,
  listen: (port: number) => Promise<T>,
): Promise<T> {
  const last = ports[name];
  if (port !== 0 || last === undefined) return await listen(port);
  try {
    return await listen(last);
  } catch {
    return await listen(0); // somebody has taken it since
  }
}

function readNumbers(file: string): Readonly<Record<string, number>> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof parsed !== "object" || parsed === null) return {};
    return Object.fromEntries(
      Object.entries(parsed).filter(
        ([, port]) => Number.isInteger(port) && port > 0 && port < 65_536,
      ),
    );
  } catch {
    return {}; // first start, or half a file: any free port will do
  }
}
