// The libraries that a kube-apiserver is made of, as a program to ask. Where Go is missing, tests say so and skip.
import { join } from "node:path";

const FOLDER = join(import.meta.dir, "reference");

export type Reference = (cases: readonly unknown[]) => Promise<readonly unknown[]>;

/** Undefined when Go is not at hand; builds the program otherwise (half a minute at first). */
export async function buildReference(directory: string): Promise<Reference | undefined> {
  if (!Bun.which("go")) return undefined;
  const program = join(directory, "reference");
  const build = Bun.spawn(["go", "build", "-o", program, "."], {
    cwd: FOLDER,
    stdout: "inherit",
    stderr: "pipe",
  });
  if ((await build.exited) !== 0)
    throw new Error(`the reference does not build: ${await new Response(build.stderr).text()}`);
  return (cases) => ask(program, cases);
}

async function ask(program: string, cases: readonly unknown[]): Promise<readonly unknown[]> {
  const input = cases.map((one) => `${JSON.stringify(one)}\n`).join("");
  const child = Bun.spawn([program], {
    stdin: Buffer.from(input),
    stdout: "pipe",
    stderr: "inherit",
  });
  const output = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error("the reference failed");
  return output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}
