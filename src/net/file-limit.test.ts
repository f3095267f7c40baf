import { expect, test } from "bun:test";
import { raiseFileLimit, readFileLimit, socketDescriptorsMax } from "./file-limit.ts";

/** In a process of its own, with a soft limit of 64 below a hard one of 4096. The runtime raises it at start. */
async function inChild(script: string): Promise<unknown> {
  const source = `
    const limits = await import("${import.meta.dir}/file-limit.ts");
    const { libc } = await import("${import.meta.dir}/libc.ts");
    libc().setrlimit(7, BigUint64Array.of(64n, 4096n));
    console.log(JSON.stringify(${script}));`;
  const child = Bun.spawn([process.execPath, "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(await new Response(child.stdout).text());
}

test("the limit is what the kernel says", async () => {
  const text = await Bun.file("/proc/self/limits").text();
  const [, soft, hard] = /Max open files\s+(\d+)\s+(\d+)/.exec(text) ?? [];
  expect(readFileLimit()).toEqual({ soft: Number(soft), hard: Number(hard) });
  expect(socketDescriptorsMax()).toBeLessThan(Number(soft));
});

test("the soft limit is raised to the hard one", async () => {
  expect(await inChild("limits.raiseFileLimit()")).toEqual({ soft: 4096, hard: 4096 });
});

test("the soft limit is raised to what is wanted, and never lowered", async () => {
  expect(await inChild("[limits.raiseFileLimit(1000), limits.raiseFileLimit(500)]")).toEqual([
    { soft: 1000, hard: 4096 },
    { soft: 1000, hard: 4096 },
  ]);
});

test("raising what is high enough changes nothing", () => {
  const before = readFileLimit();
  expect(raiseFileLimit(1)).toEqual(before);
});
