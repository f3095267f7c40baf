import { expect, test } from "bun:test";

const SUITES = ["connect", "listener", "listener-files", "pending-input", "socket-transport"];

test("transports over node streams, which stand in for native ones, pass the same tests", async () => {
  const child = Bun.spawn(
    [
      process.execPath,
      "test",
      "--preload",
      `${import.meta.dir}/testing/on-node-streams.ts`,
      ...SUITES.map((name) => `${import.meta.dir}/${name}.test.ts`),
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const report = await child.stderr.text();
  expect(report).toContain("transports are made of: node");
  expect(report).toMatch(/^ ?[1-9]\d+ pass$/m);
  expect(await child.exited, report).toBe(0);
}, 120_000);
