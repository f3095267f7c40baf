// Brings h2spec for the conformance tests: built from source by the system's Go, in the ignored folder `.generated/h2spec`.
// Versions and checksums are those of test/conformance/h2spec, chosen so that Debian 12's Go (1.19) builds them too. Run by
// itself it prints the program's path.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = "github.com/summerwind/h2spec/cmd/h2spec";
const BUILD_LIMIT_MS = 240_000;

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const sources = path.join(root, "test/conformance/h2spec");

/** Returns `{ path }`, or `{ obstacle }`: why there is none. */
export function provideH2spec(say) {
  const folder = path.join(root, ".generated", "h2spec");
  const program = path.join(folder, `h2spec-${fingerprint()}`);
  if (answers(program)) return { path: program };
  say("building h2spec from source");
  fs.mkdirSync(folder, { recursive: true });
  const work = fs.mkdtempSync(path.join(folder, "new-"));
  try {
    return buildIn(work, program);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

/** Another pin is another program. */
function fingerprint() {
  const hash = createHash("sha256");
  for (const name of ["go.mod", "go.sum"]) hash.update(fs.readFileSync(path.join(sources, name)));
  return hash.digest("hex").slice(0, 12);
}

/** In a copy: no Go writes into the repository. `readonly`: nothing is built that go.sum does not know. */
function buildIn(work, program) {
  fs.cpSync(sources, work, { recursive: true });
  const made = path.join(work, "h2spec");
  const { status, stderr, error } = spawnSync(
    "go",
    ["build", "-mod=readonly", "-o", made, PACKAGE],
    {
      cwd: work,
      encoding: "utf8",
      timeout: BUILD_LIMIT_MS,
      env: { ...process.env, GOFLAGS: "", GOTOOLCHAIN: "local", GOWORK: "off", CGO_ENABLED: "0" },
    },
  );
  if (error) return { obstacle: `needs h2spec, and go could not be run: ${error.message}` };
  if (status !== 0) {
    const said = stderr.trim().split("\n").slice(-2).join("; ");
    return { obstacle: `needs h2spec, and go could not build it: ${said}` };
  }
  if (!answers(made)) return { obstacle: "the h2spec that go built does not run here" };
  fs.renameSync(made, program);
  return { path: program };
}

function answers(program) {
  return fs.existsSync(program) && spawnSync(program, ["--version"]).status === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = provideH2spec((line) => process.stderr.write(`weft: ${line}\n`));
  if (found.path === undefined) {
    process.stderr.write(`weft: ${found.obstacle}\n`);
    process.exitCode = 1;
  } else process.stdout.write(`${found.path}\n`);
}
