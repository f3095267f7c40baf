import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { spawnProgram } from "./spawn-weft.ts";
import { tempDir } from "./temp-dir.ts";

export interface Capture extends AsyncDisposable {
  /** The capture file so far: packet headers and payloads. */
  bytes(): Buffer;
  /** Waits until the wanted bytes have crossed. */
  contains(wanted: Buffer): Promise<void>;
}

/** Records what crosses one TCP port of loopback, from now on, with tcpdump (which needs root). */
export async function capture(port: number): Promise<Capture> {
  const directory = await tempDir();
  const file = join(directory.path, "packets");
  const flags = ["-i", "lo", "-U", "-s", "0", "--immediate-mode", "-w", file];
  const tcpdump = spawnProgram(["tcpdump", ...flags, "tcp", "port", `${port}`]);
  await tcpdump.stderr.line(/listening on/, 10_000);
  const bytes = () => readFileSync(file);
  return {
    bytes,
    contains: async (wanted) => {
      await eventually(() => bytes().includes(wanted));
    },
    async [Symbol.asyncDispose]() {
      await tcpdump[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}
