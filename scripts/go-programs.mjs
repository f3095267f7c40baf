// Brings programs that the conformance tests need and no Debian package has: built from source by the system's Go, in an
// ignored folder. Versions and checksums are those beside a test, chosen so that Debian 12's Go (1.19) builds them too.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const BUILD_LIMIT_MS = 480_000;
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/**
 * `sources`: the folder under `test/conformance` with go.mod and go.sum, whose name is the tool's; `packages`: the programs of
 * it. Returns `{ folder }`, where each program is by the last part of its package's name, or `{ obstacle }`.
 */
export function provideGoPrograms({ name, packages }, say) {
  const sources = path.join(root, "test/conformance", name);
  const parent = path.join(root, ".generated", name);
  const folder = path.join(parent, fingerprint(sources));
  if (fs.existsSync(folder)) return { folder };
  say(`building ${name} from source`);
  fs.mkdirSync(parent, { recursive: true });
  const work = fs.mkdtempSync(path.join(parent, "new-"));
  try {
    return build({ name, packages, sources, work, folder });
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

/** Another pin is another program. */
function fingerprint(sources) {
  const hash = createHash("sha256");
  for (const name of ["go.mod", "go.sum"]) hash.update(fs.readFileSync(path.join(sources, name)));
  return hash.digest("hex").slice(0, 12);
}

/** In a copy: no Go writes into the repository. `readonly`: nothing is built that go.sum does not know. */
function build({ name, packages, sources, work, folder }) {
  fs.cpSync(sources, work, { recursive: true });
  const made = path.join(work, "made");
  fs.mkdirSync(made);
  const command = ["build", "-mod=readonly", "-o", `${made}/`, ...packages];
  const { status, stderr, error } = spawnSync("go", command, {
    cwd: work,
    encoding: "utf8",
    timeout: BUILD_LIMIT_MS,
    env: { ...process.env, GOFLAGS: "", GOTOOLCHAIN: "local", GOWORK: "off", CGO_ENABLED: "0" },
  });
  if (error) return { obstacle: `needs ${name}, and go could not be run: ${error.message}` };
  if (status !== 0) {
    const said = stderr.trim().split("\n").slice(-2).join("; ");
    return { obstacle: `needs ${name}, and go could not build it: ${said}` };
  }
  fs.renameSync(made, folder);
  return { folder };
}
