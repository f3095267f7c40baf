// Brings the system's programs that a test group needs. Only as root on a Debian system; a service that a package would
// start stays off.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

const POLICY = "/usr/sbin/policy-rc.d";
let indexUpdated = false;

/** Installs what is missing. Returns why the group cannot run, or undefined. */
export function provide(needs, say) {
  const missing = needs.filter((need) => !isOnPath(need.program));
  if (missing.length === 0) return undefined;
  const names = missing.map((need) => need.debianPackage).join(" ");
  const wanted = `needs ${missing.map((need) => need.program).join(", ")}`;
  if (process.getuid?.() !== 0) return `${wanted}; as root: apt-get install ${names}`;
  if (!isOnPath("apt-get")) return `${wanted}, and this system has no apt-get (Debian: ${names})`;
  say(`installing Debian packages: ${names}`);
  const failure = withoutStartingServices(() => aptInstall(names.split(" ")));
  if (failure !== undefined) return `${wanted}, and apt-get failed: ${failure}`;
  const still = missing.filter((need) => !isOnPath(need.program));
  return still.length === 0 ? undefined : `${names} brought no ${still[0].program}`;
}

/** Debian keeps servers in folders that a user's PATH may lack. */
export function systemPath() {
  return [process.env.PATH ?? "", "/usr/local/sbin", "/usr/sbin", "/sbin"].join(path.delimiter);
}

function isOnPath(program) {
  return systemPath()
    .split(path.delimiter)
    .some((folder) => folder !== "" && isExecutable(path.join(folder, program)));
}

function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

function aptInstall(names) {
  if (!indexUpdated) {
    const failure = apt(["update", "-q"]);
    if (failure !== undefined) return failure;
    indexUpdated = true;
  }
  return apt(["install", "-y", "-q", "--no-install-recommends", ...names]);
}

function apt(args) {
  const run = spawnSync("apt-get", args, {
    encoding: "utf8",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (run.error) return run.error.message;
  return run.status === 0 ? undefined : lastLines(run.stderr || run.stdout);
}

/** Debian asks this file whether a service may start; 101 is no. An administrator's own stays. */
function withoutStartingServices(work) {
  if (fs.existsSync(POLICY)) return work();
  fs.writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    return work();
  } finally {
    fs.rmSync(POLICY, { force: true });
  }
}

const lastLines = (text) => text.trim().split("\n").slice(-3).join("; ");
