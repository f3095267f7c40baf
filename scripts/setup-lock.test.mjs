import { afterAll, expect, test } from "bun:test";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { withSetupLock } from "./setup-lock.mjs";

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "weft-lock-"));
afterAll(() => fs.rmSync(scratch, { recursive: true }));

const newRoot = () => fs.mkdtempSync(path.join(scratch, "root-"));
const lockOf = (root) => path.join(root, ".generated/setup.lock");

test("two set-ups run one after the other, and the second says whom it waits for", async () => {
  const root = newRoot();
  const events = [];
  const first = Promise.withResolvers();
  const one = withSetupLock(
    root,
    () => undefined,
    async () => {
      await first.promise;
      events.push("one");
    },
  );
  const two = withSetupLock(
    root,
    (line) => {
      events.push(line);
      first.resolve();
    },
    async () => {
      events.push("two");
    },
  );
  await Promise.all([one, two]);
  expect(events).toEqual([
    `waiting for another set-up (process ${process.pid}) to end`,
    "one",
    "two",
  ]);
  expect(fs.existsSync(lockOf(root))).toBe(false);
});

test("the lock of a process that is gone is taken over", async () => {
  const root = newRoot();
  const dead = Bun.spawnSync(["true"]).pid;
  fs.mkdirSync(path.dirname(lockOf(root)));
  fs.writeFileSync(lockOf(root), JSON.stringify({ pid: dead, host: os.hostname() }));
  expect(
    await withSetupLock(
      root,
      () => undefined,
      async () => "done",
    ),
  ).toBe("done");
});

test("the lock of a killed process holds while its child runs", async () => {
  const root = newRoot();
  const dead = Bun.spawnSync(["true"]).pid;
  const child = Bun.spawn(["sleep", "60"]);
  fs.mkdirSync(path.dirname(lockOf(root)));
  fs.writeFileSync(
    lockOf(root),
    JSON.stringify({ pid: dead, child: child.pid, host: os.hostname() }),
  );
  const events = [];
  await withSetupLock(
    root,
    () => {
      events.push("waits");
      child.kill();
    },
    async () => events.push("runs"),
  );
  expect(events).toEqual(["waits", "runs"]);
});

test("a failure inside releases the lock", async () => {
  const root = newRoot();
  const failing = withSetupLock(
    root,
    () => undefined,
    () => Promise.reject(new Error("no")),
  );
  await expect(failing).rejects.toThrow("no");
  expect(fs.existsSync(lockOf(root))).toBe(false);
});
