import { test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../test/support/eventually.ts";
import { Stillness } from "./stand-still.ts";

/** `T` for one that is stopped, `S` for one that sleeps. */
const stateOf = (pid: number): string =>
  / ([A-Z]) /.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? "";

/** The kernel stops a process when it next runs it. */
const until = (states: string, ...processes: readonly { readonly pid: number }[]) =>
  eventually(() => processes.map(({ pid }) => stateOf(pid)).join("") === states);

function sleeper(): { readonly pid: number } & Disposable {
  const child = Bun.spawn(["sleep", "60"]);
  return { pid: child.pid, [Symbol.dispose]: () => child.kill("SIGKILL") };
}

test("those that are named stand still until they go on, and none when it is over", async () => {
  using one = sleeper();
  using other = sleeper();
  {
    await using stillness = new Stillness();
    await stillness.stop([one.pid]);
    await until("TS", one, other);
    await stillness.goOn();
    await until("SS", one, other);
    await stillness.stop([other.pid]);
    await until("ST", one, other);
  }
  await until("SS", one, other);
});

test("a process that is gone does not keep the others from it", async () => {
  using one = sleeper();
  const gone = Bun.spawn(["true"]);
  await gone.exited;
  await using stillness = new Stillness();
  await stillness.stop([gone.pid, one.pid]);
  await until("T", one);
});

test("they go on when the bench is killed", async () => {
  using one = sleeper();
  const program = `
    const { Stillness } = await import(${JSON.stringify(join(import.meta.dir, "stand-still.ts"))});
    await new Stillness().stop([${one.pid}]);
    console.log("stopped");
    setInterval(() => {}, 1_000);
  `;
  const bench = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" });
  await bench.stdout.getReader().read();
  await until("T", one);
  bench.kill("SIGKILL");
  await until("S", one);
});
