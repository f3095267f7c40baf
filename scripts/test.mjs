// Every test with one command: set-up, the system's packages, then the groups. `npm test -- unit e2e` runs these only.
// What failed is told once more at the end, and the last line is always `N passed, N failed`.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { provide, systemPath } from "./debian-packages.mjs";
import { runStep } from "./run-step.mjs";
import { fail, root, setUp } from "./setup.mjs";
import { testGroups } from "./test-groups.mjs";

const isCi = process.env.CI === "true";
const say = (line) => process.stdout.write(`── ${line}\n`);

const bun = await setUp().catch(fail);
const all = testGroups(root, bun);
const chosen = choose(all, process.argv.slice(2));
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "weft-test-"));
const total = { passed: 0, failed: 0, reasons: [], failures: [] };
try {
  for (const group of chosen) await runGroup(group);
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}
report();

async function runGroup(group) {
  const started = Date.now();
  say(group.name);
  if (group.steps.length === 0) return skip(group, "there are no tests of this group");
  const obstacle = provide(group.needs, say) ?? group.prepare?.(say);
  if (obstacle !== undefined) return skip(group, obstacle);
  for (const step of group.steps) {
    const result = await runStep(step, { cwd: root, env: testEnvironment(), say });
    total.passed += result.passed;
    total.failed += result.failed;
    total.reasons.push(...result.reasons.map((reason) => `${group.name}: ${reason}`));
    total.failures.push(...result.failures.map((text) => `failed in ${group.name}: ${text}`));
  }
  say(`${group.name} took ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

function skip(group, reason) {
  say(`${group.name} skipped: ${reason}`);
  total.reasons.push(`${group.name}: skipped, ${reason}`);
  if (isCi) total.failed += 1;
}

/** No test sees the user's mesh, or leaves the machine by the user's proxy. */
function testEnvironment() {
  const env = { ...process.env, PATH: systemPath(), WEFT_DATA_DIR: path.join(scratch, "data") };
  for (const name of Object.keys(env)) if (/^(https?|all|no)_proxy$/i.test(name)) delete env[name];
  return env;
}

function choose(groups, names) {
  const unknown = names.filter((name) => !groups.some((group) => group.name === name));
  if (unknown.length > 0) {
    const known = groups.map((group) => group.name).join(", ");
    process.stderr.write(`unknown test group ${unknown.join(", ")}; there are ${known}\n`);
    process.exit(1);
  }
  return names.length === 0 ? groups : groups.filter((group) => names.includes(group.name));
}

function report() {
  for (const text of total.failures) say(text);
  for (const reason of total.reasons) say(reason);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
}
