import { expect, test } from "bun:test";
import { proxyLimits } from "./limit-table.ts";
import { type MemoryState, MemoryWatch } from "./memory-watch.ts";

function watching(memory: number) {
  const told: string[] = [];
  let usedBytes = 0;
  let relieved = 0;
  const watch = new MemoryWatch({
    limits: proxyLimits({ memory }),
    usedBytes: () => usedBytes,
    onPressure: ({ pressure }: MemoryState) => void told.push(pressure),
    relieve: () => void relieved++,
  });
  const lookAt = (bytes: number): void => {
    usedBytes = bytes;
    watch.look();
  };
  return { watch, told, lookAt, relieved: () => relieved };
}

test("each step is told when it is reached, and when it is left", () => {
  const { watch, told, lookAt } = watching(1_000);
  for (const bytes of [900, 919, 920, 949, 950, 979, 980, 2_000, 979, 940, 919]) lookAt(bytes);
  watch[Symbol.dispose]();
  expect(told).toEqual([
    "no-keep-alive",
    "no-requests",
    "no-connections",
    "no-requests",
    "no-keep-alive",
    "none",
  ]);
});

test("under pressure something is given back at once, and again every two seconds", () => {
  const { watch, lookAt, relieved } = watching(1_000);
  lookAt(100);
  expect(relieved()).toBe(0);
  for (let look = 0; look < 17; look++) lookAt(930);
  watch[Symbol.dispose]();
  expect(relieved()).toBe(3);
});

test("says what is used of what may be", () => {
  const { watch, lookAt } = watching(1_000);
  lookAt(990);
  watch[Symbol.dispose]();
  expect(watch.state).toEqual({ pressure: "no-connections", usedBytes: 990, limitBytes: 1_000 });
});
