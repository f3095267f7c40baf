// Finds the Bun binary that npm brought. Its wrapper package needs an install script, which npm may not run, so the
// platform package is looked at first; where the script did run, it has moved the binary into the wrapper.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { SetupError } from "./setup-error.mjs";

/** The path of a binary that starts on this machine. Throws SetupError. */
export function findBun(findPackage) {
  const wanted = platformPackages();
  const candidates = wanted.map((name) => inPackage(findPackage, name, binaryName()));
  candidates.push(inPackage(findPackage, "bun", "bun.exe"));
  const failures = [];
  for (const binary of candidates.filter(isRealBinary)) {
    fs.accessSync(binary, fs.constants.R_OK);
    if (!isExecutable(binary)) fs.chmodSync(binary, 0o755);
    const failure = whyItFails(binary);
    if (failure === undefined) return binary;
    failures.push(`${binary}: ${failure}`);
  }
  if (failures.length > 0)
    throw new SetupError(
      `Bun does not start on this machine:\n  ${failures.join("\n  ")}`,
      "Bun needs Linux 5.1 or macOS 13 and, on x64, a processor with AVX2 (or a baseline build)",
    );
  throw new SetupError(
    `npm has installed no Bun for ${process.platform}-${process.arch} (looked for ${wanted.join(", ")})`,
    "check that npm does not omit optional packages (npm config get omit), then run: npm ci --include=optional",
  );
}

/** Best first. A baseline build runs on processors without AVX2; musl is Alpine's C library. */
function platformPackages() {
  const arch = { x64: "x64", arm64: "aarch64" }[process.arch] ?? process.arch;
  const plain = `@oven/bun-${process.platform}-${arch}${isMusl() ? "-musl" : ""}`;
  const baseline = `@oven/bun-${process.platform}-${arch}${isMusl() ? "-musl" : ""}-baseline`;
  if (process.arch !== "x64") return [plain];
  return hasAvx2() ? [plain, baseline] : [baseline, plain];
}

function isMusl() {
  if (process.platform !== "linux") return false;
  return process.report?.getReport().header.glibcVersionRuntime === undefined;
}

function hasAvx2() {
  if (process.platform !== "linux") return true;
  try {
    return /\bavx2\b/.test(fs.readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    return true; // unknown: trying to start it decides
  }
}

const binaryName = () => (process.platform === "win32" ? "bun.exe" : "bun");

function inPackage(findPackage, name, file) {
  const folder = findPackage(name);
  return folder === undefined ? undefined : path.join(folder, "bin", file);
}

/** The wrapper's placeholder is a few hundred bytes of text. */
function isRealBinary(file) {
  return file !== undefined && fs.existsSync(file) && fs.statSync(file).size > 1_000_000;
}

function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function whyItFails(binary) {
  const run = spawnSync(binary, ["--version"], { encoding: "utf8", timeout: 30_000 });
  if (run.error) return run.error.message;
  if (run.signal === "SIGILL") return "the processor lacks an instruction that it needs";
  if (run.signal) return `ended by ${run.signal}`;
  return run.status === 0 ? undefined : `exit code ${run.status}: ${run.stderr.trim()}`;
}
