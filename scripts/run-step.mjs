// Runs one program of a test group: its output streams through, its totals are read, a silence is broken by a line, and
// its whole process group ends with it.
import { spawn } from "node:child_process";
import { failuresOf } from "./failed-tests.mjs";

const QUIET_MS = 30_000;
const LIMIT_MS = 25 * 60_000;

/** Returns `{ passed, failed, reasons, failures }`, failures as texts; never throws for a failing program. */
export async function runStep(step, { cwd, env, say }) {
  const [program, ...args] = step.command;
  const child = spawn(program, args, {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // a process group of its own, so that nothing it started can outlive it
  });
  const output = tee(child, step.name, say);
  const killGroup = (signal) => signalGroup(child.pid, signal);
  const forget = passSignalsOn(killGroup);
  const limit = setTimeout(() => killGroup("SIGKILL"), LIMIT_MS);
  const ended = await new Promise((resolve) => {
    child.once("error", (error) => resolve({ error }));
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  clearTimeout(limit);
  output.stop();
  forget();
  killGroup("SIGKILL");
  const verdict = judge(step.name, ended, output.text());
  return { ...verdict, failures: verdict.failed === 0 ? [] : failuresOf(output.text()) };
}

/** What a program's end and its words mean in passed and failed tests. */
export function judge(name, ended, text) {
  const totals = bunTotals(text);
  const reasons = [];
  const unrun = totals.skip + totals.todo;
  if (unrun > 0) reasons.push(`${name}: ${unrun} tests are skipped or to do`);
  if (totals.error > 0) reasons.push(`${name}: ${totals.error} errors outside tests`);
  let failed = totals.fail + totals.error + unrun;
  if (failed === 0 && (ended.code !== 0 || ended.error)) {
    failed = 1;
    const how = ended.error?.message ?? ended.signal ?? `exit code ${ended.code}`;
    reasons.push(`${name}: ${how}`);
  }
  if (totals.seen) {
    if (totals.pass + failed === 0) return { passed: 0, failed: 1, reasons: [`${name}: no tests`] };
    return { passed: totals.pass, failed, reasons };
  }
  return { passed: failed === 0 ? 1 : 0, failed, reasons };
}

/** The summary of \`bun test\`, which counts errors outside of tests apart. */
function bunTotals(text) {
  const count = (word) => {
    const found = [...text.matchAll(new RegExp(`^ *(\\d+) ${word}s?$`, "gm"))].at(-1);
    return found === undefined ? 0 : Number(found[1]);
  };
  const seen = /^Ran \d+ tests? across \d+ files?/m.test(text);
  if (!seen) return { seen, pass: 0, fail: 0, skip: 0, todo: 0, error: 0 };
  return {
    seen,
    pass: count("pass"),
    fail: count("fail"),
    skip: count("skip"),
    todo: count("todo"),
    error: count("error"),
  };
}

function tee(child, name, say) {
  const chunks = [];
  const started = Date.now();
  let lastAt = started;
  const pass = (from, to) =>
    from?.on("data", (chunk) => {
      lastAt = Date.now();
      chunks.push(chunk);
      to.write(chunk);
    });
  pass(child.stdout, process.stdout);
  pass(child.stderr, process.stderr);
  const timer = setInterval(() => {
    if (Date.now() - lastAt < QUIET_MS) return;
    lastAt = Date.now();
    say(`${name} still running, ${Math.round((lastAt - started) / 1000)} s`);
  }, 1_000);
  return { stop: () => clearInterval(timer), text: () => Buffer.concat(chunks).toString() };
}

function signalGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (cause) {
    if (cause.code !== "ESRCH") throw cause;
  }
}

function passSignalsOn(killGroup) {
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
  const handlers = Object.entries(codes).map(([signal, code]) => {
    const handler = () => {
      killGroup(signal);
      setTimeout(() => {
        killGroup("SIGKILL");
        process.exit(code);
      }, 3_000);
    };
    process.once(signal, handler);
    return () => process.removeListener(signal, handler);
  });
  return () => {
    for (const remove of handlers) remove();
  };
}
