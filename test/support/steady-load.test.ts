import { expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import { startSteadyLoad } from "./steady-load.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const ERROR = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno";

/** Answers one request in a hundred as said, and the others well; requests come in one piece each. */
async function serve(answerTo: (socket: Socket, count: number) => void) {
  let count = 0;
  const server = createServer((socket) => {
    socket.on("data", () => answerTo(socket, ++count));
    socket.on("error", () => undefined); // the load may be gone first
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  return { port, [Symbol.dispose]: () => void server.close() };
}

async function loadOf(port: number) {
  await using load = startSteadyLoad({ port, rate: 1_000, seconds: 0.2, connections: 4 });
  return await load.json();
}

test("a load that is answered well fails nowhere", async () => {
  using server = await serve((socket) => socket.write(OK));
  expect(await loadOf(server.port)).toMatchObject({ sent: 200, answered: 200, failed: 0 });
});

test("one answer with another status is one failure", async () => {
  using server = await serve((socket, count) => socket.write(count === 77 ? ERROR : OK));
  expect(await loadOf(server.port)).toMatchObject({ sent: 200, answered: 199, failed: 1 });
});

test("one connection that ends before its answer is whole is one failure, and is not tried again", async () => {
  using server = await serve((socket, count) => {
    if (count === 77) socket.end(OK.slice(0, 20));
    else socket.write(OK);
  });
  const result = await loadOf(server.port);
  expect(result).toMatchObject({ sent: 200, answered: 199, failed: 1 });
  expect(`${result.failures}`).toContain("before the answer was whole");
});

test("a connection that is refused is a failure each time", async () => {
  const server = await serve(() => undefined);
  server[Symbol.dispose]();
  expect(await loadOf(server.port)).toMatchObject({ sent: 200, answered: 0, failed: 200 });
});
