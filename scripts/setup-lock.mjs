// One set-up at a time in one checkout. The holder touches the lock; a lock whose holder is gone is taken over.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const TOUCH_EVERY_MS = 1_000;
const STALE_AFTER_MS = 120_000;
const LOOK_AGAIN_AFTER_MS = 200;

/**
 * Runs `work` while holding the lock; waits for another holder, telling `say` once whom. `work` gets a function that
 * names a child process: if this process is killed, the lock still holds until the child has ended too.
 */
export async function withSetupLock(root, say, work) {
  const file = path.join(root, ".generated", "setup.lock");
  fs.mkdirSync(path.dirname(file), { recursive: true });
  await take(file, say);
  const heartbeat = setInterval(() => touch(file), TOUCH_EVERY_MS);
  const release = () => fs.rmSync(file, { force: true });
  process.once("exit", release);
  try {
    return await work((child) => fs.writeFileSync(file, holderOf(process.pid, child)));
  } finally {
    clearInterval(heartbeat);
    process.removeListener("exit", release);
    release();
  }
}

async function take(file, say) {
  let told = false;
  while (!tryTake(file)) {
    const holder = readHolder(file);
    if (holder !== undefined && isStale(holder)) {
      steal(file, holder);
      continue;
    }
    if (!told && holder !== undefined)
      say(`waiting for another set-up (process ${holder.pid}) to end`);
    told ||= holder !== undefined;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_AFTER_MS));
  }
}

/** A finished lock file appears at once, by link: nobody reads a half-written one. */
function tryTake(file) {
  const mine = `${file}.${process.pid}`;
  fs.writeFileSync(mine, holderOf(process.pid));
  try {
    fs.linkSync(mine, file);
    return true;
  } catch (cause) {
    if (cause.code === "EEXIST") return false;
    throw cause;
  } finally {
    fs.rmSync(mine, { force: true });
  }
}

const holderOf = (pid, child) => JSON.stringify({ pid, child, host: os.hostname() });

function readHolder(file) {
  try {
    const touchedAt = fs.statSync(file).mtimeMs;
    return { ...JSON.parse(fs.readFileSync(file, "utf8")), touchedAt };
  } catch {
    return undefined; // released meanwhile
  }
}

function isStale(holder) {
  if (Date.now() - holder.touchedAt > STALE_AFTER_MS) return true;
  if (holder.host !== os.hostname()) return false;
  return ![holder.pid, holder.child].some((pid) => pid !== undefined && isAlive(pid));
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return cause.code === "EPERM";
  }
}

/** Moving aside succeeds for one of several waiters; the others look again. */
function steal(file, holder) {
  const aside = `${file}.stale.${process.pid}`;
  try {
    fs.renameSync(file, aside);
  } catch (cause) {
    if (cause.code === "ENOENT") return;
    throw cause;
  }
  const taken = readHolder(aside);
  // A new holder may have come between the look and the move: give it back.
  if (taken !== undefined && taken.pid !== holder.pid && !fs.existsSync(file))
    fs.renameSync(aside, file);
  else fs.rmSync(aside, { force: true });
}

function touch(file) {
  const now = new Date();
  try {
    fs.utimesSync(file, now, now);
  } catch {
    // removed by hand: the next set-up may start beside this one, which its owner asked for
  }
}
