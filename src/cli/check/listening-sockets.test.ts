import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { isLoopback, listeningSockets, parseProcNet } from "./listening-sockets.ts";

const header =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";

test("addresses of both families are read, connections are left out", () => {
  const table = [
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1",
    "   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1",
    "   2: 0100007F:0051 0100007F:9999 01 00000000:00000000 00:00000000 00000000 0 0 1",
    "   3: 00000000000000000000000001000000:0052 00000000000000000000000000000000:0000 0A 0 0 0 0 0 1",
    "   4: 0000000000000000FFFF00000100007F:0053 00000000000000000000000000000000:0000 0A 0 0 0 0 0 1",
  ];
  expect(parseProcNet(`${header}${table.join("\n")}\n`)).toEqual([
    { address: "127.0.0.1", port: 8080 },
    { address: "0.0.0.0", port: 80 },
    { address: "::1", port: 82 },
    { address: "::ffff:127.0.0.1", port: 83 },
  ]);
});

test.each([
  ["127.0.0.1", true],
  ["0.0.0.0", false],
  ["::1", true],
  ["::", false],
])("a socket that listens on %s is found, and told from others", async (host, loopback) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const found = listeningSockets().filter((socket) => socket.port === port);
  server.close();
  expect(found.map(isLoopback)).toEqual([loopback]);
});
