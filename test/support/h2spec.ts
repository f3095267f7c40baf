// h2spec, which tries every rule of HTTP/2 and HPACK that it knows on a server.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "./temp-dir.ts";

const root = join(import.meta.dir, "../..");
let program: string | undefined;

/** What it says of a server. */
export interface H2specVerdict {
  readonly cases: number;
  /** `http2/5.1.1: Sends even-numbered stream identifier`, and what came instead of what was wanted. */
  readonly failed: readonly string[];
}

/** Of a server without fault: the pinned version has 146 cases. */
export const ALL_PASSED: H2specVerdict = { cases: 146, failed: [] };

/** The test group brings it. */
function h2specPath(): string {
  if (program !== undefined) return program;
  const run = Bun.spawnSync(["node", join(root, "scripts/h2spec.mjs")], { stderr: "pipe" });
  if (run.exitCode !== 0) throw new Error(`there is no h2spec to test with: ${run.stderr}`);
  program = run.stdout.toString().trim();
  return program;
}

/** Every case in strict mode. Throws when it could not say what became of them. */
export async function h2spec(port: number, host = "127.0.0.1"): Promise<H2specVerdict> {
  await using directory = await tempDir();
  const report = join(directory.path, "report.xml");
  const flags = ["--strict", "-h", host, "-p", String(port), "-j", report];
  const child = Bun.spawn([h2specPath(), ...flags], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const errors = await new Response(child.stderr).text();
  await child.exited;
  try {
    return verdictOf(readFileSync(report, "utf8"));
  } catch (cause) {
    throw new Error(`h2spec gave no report: ${errors}`, { cause });
  }
}

const CASE = /<testcase package="([^"]*)" classname="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g;

/** A case that was left out has not passed. */
function verdictOf(report: string): H2specVerdict {
  const cases = [...report.matchAll(CASE)];
  const failed = cases.flatMap(([, section, title, inside = ""]) =>
    inside.trim() === "" ? [] : [`${section}: ${title}: ${inside.replaceAll(/\s+/g, " ").trim()}`],
  );
  return { cases: cases.length, failed };
}
