import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { eventually } from "../support/eventually.ts";
import { everyListeningInode, listeningInodes } from "../support/sockets-of.ts";
import { runWeft, type Spawned, spawnWeft } from "../support/spawn-weft.ts";

describe("the demo", () => {
  test("ends by itself, and the mesh did what the shop's YAML says", async () => {
    const { exitCode, stdout, stderr } = await runWeft(["demo", "--for", "15s", "-o", "json"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const summary = JSON.parse(stdout);
    expect(summary.findings).toEqual([]);
    expect(summary.requests).toBeGreaterThan(500);
    expect(summary.denied).toBeGreaterThan(0);
    expect(summary.canaryShare).toBeWithin(0.02, 0.35); // 10 % of about 150, and one visit in twenty
    expect(summary.failing.map(({ service }: { service: string }) => service)).toEqual(["reviews"]);
  }, 60_000);

  test("Ctrl-C in the middle ends every process, and frees every port and file", async () => {
    await using demo = spawnWeft(["demo"]);
    const startedAt = performance.now();
    const [, dataDir = ""] = await demo.stdout.line(/stat --from --watch --data-dir (\S+)/, 35_000);
    process.stderr.write(`the demo was up in ${Math.round(performance.now() - startedAt)} ms\n`);
    await demo.stdout.line(/use kubectl/);
    const before = listeningInodes(demo.processes());
    expect(before.size).toBeGreaterThan(20);
    await expectNothingLeft(demo, before);
    expect(await demo.exited).toBe(0);
    expect(demo.stdout.text).toContain("were refused by policy");
    expect(existsSync(dataDir)).toBe(false);
  }, 60_000);

  test.each([
    ["before anything is up", /A sample shop/],
    ["when only the control plane is up", /^control plane /],
    ["when the workloads have just started", /^workloads /],
  ])(
    "Ctrl-C %s leaves nothing either",
    async (_, line) => {
      await using demo = spawnWeft(["demo"]);
      await demo.stdout.line(line, 35_000);
      await expectNothingLeft(demo, listeningInodes(demo.processes()));
    },
    60_000,
  );
});

async function expectNothingLeft(demo: Spawned, ports: ReadonlySet<string>): Promise<void> {
  demo.signal("SIGINT");
  await eventually(() => demo.processes().length === 0, { deadlineMs: 15_000 });
  const left = everyListeningInode();
  expect([...ports].filter((inode) => left.has(inode))).toEqual([]);
}
