import { expect, test } from "bun:test";
import { createSharedMemory, mapSharedMemory } from "./shared-memory.ts";

const SIZE = 1 << 16;

test("additions of several processes to one cell are never lost", async () => {
  const memory = createSharedMemory("weft-test", SIZE);
  const cells = mapSharedMemory(memory.fd, SIZE);
  const program = `
    import { mapSharedMemory } from ${JSON.stringify(`${import.meta.dir}/shared-memory.ts`)};
    const cells = mapSharedMemory(3, ${SIZE});
    for (let i = 0; i < 1_000_000; i++) Atomics.add(cells, 7, 1);`;
  const children = [1, 2, 3].map(() =>
    Bun.spawn([process.execPath, "-e", program], {
      stdio: ["ignore", "ignore", "inherit", memory.fd],
    }),
  );
  const codes = await Promise.all(children.map(({ exited }) => exited));
  memory.close();
  expect(codes).toEqual([0, 0, 0]);
  expect(cells[7]).toBe(3_000_000);
});

test("a descriptor that is no memory is an error in words", () => {
  expect(() => mapSharedMemory(999_999, SIZE)).toThrow(/descriptor 999999 cannot be had \(EBADF/);
});
