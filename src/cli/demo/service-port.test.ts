import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { freeServicePort } from "./service-port.ts";

test("a port in use is passed over, and none is of those that the kernel hands out", async () => {
  const busy = await freeServicePort(Math.random);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(busy, "127.0.0.1", resolve));
  const draws = [(busy - 20_000 + 0.5) / 12_000, 0.999_99];
  const found = await freeServicePort(() => draws.shift() ?? Math.random());
  server.close();
  expect(found).not.toBe(busy);
  expect(found).toBeLessThan(32_768);
});
