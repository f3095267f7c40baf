import { spawnSync } from "node:child_process";
import { join } from "node:path";

export interface Program {
  readonly program: string;
  readonly debianPackage: string;
}

export const programs = {
  nginx: { program: "nginx", debianPackage: "nginx-light" },
  haproxy: { program: "haproxy", debianPackage: "haproxy" },
  nghttpx: { program: "nghttpx", debianPackage: "nghttp2-proxy" },
  wrk: { program: "wrk", debianPackage: "wrk" },
  h2load: { program: "h2load", debianPackage: "nghttp2-client" },
  nghttpd: { program: "nghttpd", debianPackage: "nghttp2-server" },
} as const satisfies Record<string, Program>;

interface DebianPackages {
  provide(needs: readonly Program[], say: (line: string) => void): string | undefined;
  systemPath(): string;
}

const module = join(import.meta.dir, "../../scripts/debian-packages.mjs");
const { provide, systemPath }: DebianPackages = await import(module);

/** Debian's servers lie in folders that a user's PATH may lack; the children inherit this. */
export function extendPath(): void {
  process.env.PATH = systemPath();
}

export type ProgramName = keyof typeof programs;

/** Installs a program that is missing, as root on Debian. Returns why it cannot be had, or undefined. */
export function provideProgram(name: ProgramName, say: (line: string) => void): string | undefined {
  return provide([programs[name]], say);
}

/** What the program says of its version, its first line; servers print it on either stream. */
export function versionLine(command: readonly [string, ...string[]]): string {
  const [program, ...args] = command;
  const { stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  return `${stdout ?? ""}${stderr ?? ""}`.trim().split("\n")[0]?.trim() ?? "";
}
