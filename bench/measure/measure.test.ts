import { expect, test } from "bun:test";
import { cpuTimeUs } from "./cpu-time.ts";
import { readMemory } from "./memory.ts";
import { processTree } from "./process-table.ts";

test("the time of a process grows by what it works", () => {
  const before = cpuTimeUs([process.pid]);
  const usage = process.cpuUsage();
  while (process.cpuUsage(usage).user < 200_000) Math.sqrt(usage.user);
  const spent = cpuTimeUs([process.pid]) - before;
  expect(spent).toBeGreaterThanOrEqual(150_000);
});

test("a process uses memory of its own, and two of them twice as much", () => {
  const once = readMemory([process.pid]);
  expect(once.pssMb).toBeGreaterThan(1);
  expect(once.pssMb).toBeLessThanOrEqual(once.rssMb);
  const twice = readMemory([process.pid, process.pid]);
  expect(twice.rssMb).toBeGreaterThan(once.rssMb * 1.8);
});

test("the tree of a process holds its children, in whatever program they run", async () => {
  const child = Bun.spawn(["sh", "-c", "sleep 60 & echo started; wait"], { stdout: "pipe" });
  try {
    await child.stdout.getReader().read();
    const tree = processTree(child.pid);
    expect(tree.map(({ command }) => command[0])).toEqual(["sh", "sleep"]);
    for (const { pid } of tree.slice(1)) process.kill(pid);
  } finally {
    child.kill();
    await child.exited;
  }
  expect(processTree(child.pid)).toEqual([]);
});
