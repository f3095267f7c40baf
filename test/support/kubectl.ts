// The real kubectl, as a user runs it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestApi } from "./api-server.ts";

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Kubectl {
  /** Runs to its end; the exit code is the caller's business. */
  (
    args: readonly string[],
    options?: { stdin?: string; env?: Record<string, string> },
  ): Promise<KubectlResult>;
  /** The same, but anything but exit code 0 is an error that says what kubectl said. */
  ok(args: readonly string[], stdin?: string): Promise<string>;
  /** A document in a file of its own. */
  file(name: string, text: string): string;
  /** A kubectl that runs on, such as `get --watch`. */
  start(args: readonly string[]): Bun.Subprocess<"ignore", "pipe", "inherit">;
}

/** Undefined when there is none on PATH. */
export function findKubectl(): string | null {
  return Bun.which("kubectl");
}

export function kubectlFor(api: TestApi, program = findKubectl() ?? "kubectl"): Kubectl {
  const base = { ...process.env, KUBECONFIG: api.kubeconfig, HOME: api.directory };
  const run = async (
    args: readonly string[],
    { stdin = "", env = {} }: { stdin?: string; env?: Record<string, string> } = {},
  ): Promise<KubectlResult> => {
    const child = Bun.spawn([program, ...args], {
      stdin: Buffer.from(stdin),
      stdout: "pipe",
      stderr: "pipe",
      env: { ...base, ...env },
    });
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { code, stdout, stderr };
  };
  return Object.assign(run, {
    ok: async (args: readonly string[], stdin?: string) => {
      const { code, stdout, stderr } = await run(args, stdin === undefined ? {} : { stdin });
      if (code !== 0) throw new Error(`kubectl ${args.join(" ")} ended with ${code}: ${stderr}`);
      return stdout;
    },
    file: (name: string, text: string) => {
      const path = join(api.directory, name);
      writeFileSync(path, text);
      return path;
    },
    start: (args: readonly string[]) =>
      Bun.spawn([program, ...args], {
        stdin: "ignore",
        stdout: "pipe",
        stderr: "inherit",
        env: base,
      }),
  });
}
