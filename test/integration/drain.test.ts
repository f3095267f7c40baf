// A proxy that is told to end: what is under way finishes, whatever carries it, and nothing outlives the deadline.
import { describe, expect, test } from "bun:test";
import { connect as connectHttp2 } from "node:http2";
import { createConnection, type Socket } from "node:net";
import { backend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { endpoint } from "../support/proxy-config.ts";
import { leadingTo, pair } from "../support/proxy-pair.ts";
import { rawServer } from "../support/raw-server.ts";
import { direct } from "../support/running-plane.ts";

/** An application that answers when it is told to. */
async function holding() {
  const held: (() => void)[] = [];
  const made = await backend((_, response) => held.push(() => response.end("done")));
  return Object.assign(made, { held });
}

const IN_FLIGHT = 20;

/** Whether it is over by now. */
function watch(ending: Promise<unknown>): { isOver: boolean } {
  const state = { isOver: false };
  void ending.then(() => {
    state.isOver = true;
  });
  return state;
}

describe("requests under way on a connection that proxies share", () => {
  test.each(["web", "payments"] as const)("finish when %s drains", async (who) => {
    await using app = await holding();
    await using mesh = await pair({ appPort: app.port });
    const calls = Array.from({ length: IN_FLIGHT }, () => direct(mesh.port, "/"));
    await eventually(() => app.held.length === IN_FLIGHT);
    expect(mesh.host().sharedConnections).toBe(1);
    const draining = mesh[who].plane.drain(10_000);
    const state = watch(draining);
    for (const release of app.held.splice(0, IN_FLIGHT / 2)) release();
    await eventually(async () => (await mesh.web.log()).length === IN_FLIGHT / 2);
    expect(state.isOver).toBe(false);
    for (const release of app.held) release();
    for (const call of calls) expect((await call).status).toBe(200);
    await draining;
  });
});

test("a stream of HTTP/2 under way finishes, and its client is told to go elsewhere", async () => {
  await using app = await holding();
  await using to = await leadingTo([endpoint(app.port)]);
  const client = connectHttp2(`http://127.0.0.1:${to.port}`);
  const told = Promise.withResolvers<void>();
  client.on("goaway", () => told.resolve());
  client.on("error", () => undefined);
  const stream = client.request({ ":path": "/" });
  let body = "";
  stream.setEncoding("utf8").on("data", (piece: string) => {
    body += piece;
  });
  stream.end();
  await eventually(() => app.held.length === 1);
  const draining = to.web.plane.drain(10_000);
  await told.promise;
  app.held[0]?.();
  await eventually(() => body === "done");
  await draining;
});

describe("a connection of bytes", () => {
  async function joined() {
    const there: Socket[] = [];
    const app = await rawServer((socket) => {
      there.push(socket);
      socket.on("data", (bytes) => socket.write(bytes));
      socket.on("end", () => socket.end());
    });
    const mesh = await pair({ appPort: app.port, content: "tcp" });
    const socket = createConnection(mesh.port, "127.0.0.1");
    const caller = { socket, text: "", isClosed: false };
    socket.on("data", (bytes) => {
      caller.text += bytes;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      caller.isClosed = true;
    });
    socket.write("a");
    await eventually(() => caller.text === "a");
    return {
      caller,
      mesh,
      [Symbol.asyncDispose]: async () => {
        socket.destroy();
        await mesh[Symbol.asyncDispose]();
        await app[Symbol.asyncDispose]();
      },
    };
  }

  test("goes on until it ends by itself", async () => {
    await using tunnel = await joined();
    const draining = tunnel.mesh.web.plane.drain(10_000);
    const state = watch(draining);
    tunnel.caller.socket.write("b");
    await eventually(() => tunnel.caller.text === "ab");
    expect(state.isOver).toBe(false);
    tunnel.caller.socket.end();
    await draining;
    await eventually(() => tunnel.caller.isClosed);
  });

  test("ends at the deadline", async () => {
    await using tunnel = await joined();
    await tunnel.mesh.web.plane.drain(50);
    await eventually(() => tunnel.caller.isClosed);
  });
});

test("a request that takes too long is cut off at the deadline", async () => {
  await using app = await holding();
  await using to = await leadingTo([endpoint(app.port)]);
  const call = direct(to.port, "/").catch((error: { code?: string }) => error.code);
  await eventually(() => app.held.length === 1);
  await to.web.plane.drain(50);
  expect(await call).toBe("ECONNRESET");
});
