import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { eventually } from "./eventually.ts";
import { processesOfTree } from "./process-tree.ts";
import { runProgram, runWeft, spawnProgram } from "./spawn-weft.ts";

test("a program's output and exit code come back", async () => {
  const ended = await runProgram(["sh", "-c", "cat; echo err >&2; exit 3"], { stdin: "in" });
  expect(ended).toEqual({ exitCode: 3, stdout: "in\n", stderr: "err\n" });
});

test("weft runs from the checkout", async () => {
  const { exitCode, stdout } = await runWeft(["version"]);
  expect(stdout).toStartWith("weft ");
  expect(exitCode).toBe(0);
});

test("a line is found whether it came before or comes later", async () => {
  await using program = spawnProgram(["sh", "-c", 'echo first; echo "{\\"port\\":7}"; sleep 60']);
  expect(await program.json()).toEqual({ port: 7 });
  expect((await program.stdout.line(/fir(st)/))[1]).toBe("st");
  await expect(program.stdout.line(/never/, 50)).rejects.toThrow("no /never/ within 50 ms");
});

test("leaving the scope ends grandchildren whose parent is gone", async () => {
  let orphan = 0;
  {
    await using program = spawnProgram(["sh", "-c", "(sleep 300 & echo $!) ; sleep 300"]);
    orphan = Number((await program.stdout.line(/^\d+$/))[0]);
    expect(program.processes()).toContain(orphan);
  }
  await eventually(() => !isRunning(orphan));
});

test("the mark of another tree finds nothing", () => {
  expect(processesOfTree("no such mark")).toEqual([]);
});

test("a condition that throws is asked again until the deadline", async () => {
  let calls = 0;
  const value = await eventually(
    () => {
      calls += 1;
      if (calls < 3) throw new Error("not yet");
      return calls;
    },
    { everyMs: 1 },
  );
  expect(value).toBe(3);
  const never = eventually(() => false, { deadlineMs: 20, everyMs: 5 });
  await expect(never).rejects.toThrow("not within 20 ms: it gave false");
});

function isRunning(pid: number): boolean {
  const file = `/proc/${pid}/status`;
  return existsSync(file) && !/^State:\s+[ZX]/m.test(readFileSync(file, "utf8"));
}
