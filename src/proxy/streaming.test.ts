import { describe, expect, test } from "bun:test";
import { createConnection, type Socket } from "node:net";
import { eventually } from "../../test/support/eventually.ts";
import {
  bytesTo,
  destination,
  endpoint,
  httpProxyListener,
  outboundResources,
  upstreamListener,
} from "../../test/support/proxy-config.ts";
import { onHeads, rawServer } from "../../test/support/raw-server.ts";
import { runPlane, SECRET } from "../../test/support/running-plane.ts";

const MIB = 1024 * 1024;

/** A loopback port of the proxy that leads to one backend. */
async function leadingTo(port: number) {
  const listener = upstreamListener("upstream|1", "payments");
  const resources = outboundResources([destination("payments", [endpoint(port)])], listener);
  const web = await runPlane({ name: "web", sockets: ["upstream|1"], resources });
  return {
    web,
    port: web.port("upstream|1"),
    [Symbol.asyncDispose]: () => web[Symbol.asyncDispose](),
  };
}

function connectTo(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, "127.0.0.1", () => resolve(socket));
    socket.on("error", reject);
  });
}

/** Writes `pieces` × `piece`, waiting for drain: what a well-behaved sender does. */
function pump(socket: Socket, piece: Buffer, pieces: number, onDone: () => void): void {
  let left = pieces;
  const write = (): void => {
    while (left > 0) {
      left--;
      if (!socket.write(piece)) {
        socket.once("drain", write);
        return;
      }
    }
    onDone();
  };
  write();
}

describe("1 GiB", () => {
  const TOTAL = 1024 * MIB;
  const piece = Buffer.alloc(MIB, "x");

  test("streams down and up with flat memory", async () => {
    await using server = await rawServer((socket) => {
      let received = 0;
      let isHead = true;
      socket.on("data", (bytes) => {
        if (!isHead) {
          received += bytes.length;
          if (received === TOTAL) socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
          return;
        }
        isHead = false;
        const text = bytes.toString("latin1");
        if (!text.startsWith("GET")) {
          received = bytes.length - (text.indexOf("\r\n\r\n") + 4);
          return;
        }
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${TOTAL}\r\n\r\n`);
        pump(socket, piece, TOTAL / MIB, () => socket.end());
      });
    });
    await using proxy = await leadingTo(server.port);
    Bun.gc(true);
    const before = process.memoryUsage.rss();
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss());
    }, 20);

    const down = await connectTo(proxy.port);
    let bytes = 0;
    down.on("data", (slice) => {
      bytes += slice.length;
    });
    down.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    await eventually(() => bytes > TOTAL, { deadlineMs: 60_000 });
    down.destroy();

    const up = await connectTo(proxy.port);
    let answer = "";
    up.on("data", (slice) => {
      answer += slice.toString("latin1");
    });
    up.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${TOTAL}\r\n\r\n`);
    pump(up, piece, TOTAL / MIB, () => undefined);
    await eventually(() => answer.includes("\r\n\r\n"), { deadlineMs: 60_000 });
    up.destroy();
    clearInterval(watch);
    expect(answer).toStartWith("HTTP/1.1 200");
    // Sender, proxy and receiver share this process: 2 GiB went through it in pieces.
    expect(most - before).toBeLessThan(200 * MIB);
  }, 120_000);
});

test("a reader that stops reading stops the sender", async () => {
  let sent = 0;
  await using server = await rawServer((socket) =>
    onHeads(socket, () => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${1024 * MIB}\r\n\r\n`);
      const piece = Buffer.alloc(64 * 1024);
      const write = (): void => {
        while (!socket.destroyed && sent < 1024 * MIB) {
          sent += piece.length;
          if (!socket.write(piece)) {
            socket.once("drain", write);
            return;
          }
        }
      };
      write();
    }),
  );
  await using proxy = await leadingTo(server.port);
  const reader = await connectTo(proxy.port);
  reader.pause();
  reader.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  let last = -1;
  await eventually(
    () => {
      const isStill = sent === last && sent > 0;
      last = sent;
      return isStill;
    },
    { everyMs: 200 },
  );
  expect(sent).toBeLessThan(64 * MIB); // what the kernel's buffers hold, and little more
  reader.destroy();
});

test("a caller that goes away ends the request at the backend, and is written down as such", async () => {
  const closed = Promise.withResolvers<void>();
  await using server = await rawServer((socket) => {
    onHeads(socket, () => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${MIB}\r\n\r\n`);
      const dripping = setInterval(() => socket.write("drop"), 5);
      socket.on("close", () => {
        clearInterval(dripping);
        closed.resolve();
      });
    });
  });
  await using proxy = await leadingTo(server.port);
  const caller = await connectTo(proxy.port);
  caller.once("data", () => caller.destroy());
  caller.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await closed.promise;
  const [line] = await eventually(async () => {
    const lines = await proxy.web.log();
    return lines.length > 0 && lines;
  });
  expect(line).toMatchObject({
    response_flags: "DC",
    weft_error: "client-gone",
    response_code: 200,
  });
});

test("an upstream that breaks off in the middle of its body breaks the caller's connection", async () => {
  await using server = await rawServer((socket) =>
    onHeads(socket, () => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
      socket.end();
    }),
  );
  await using proxy = await leadingTo(server.port);
  const caller = await connectTo(proxy.port);
  const closed = Promise.withResolvers<string>();
  let text = "";
  caller.on("data", (bytes) => {
    text += bytes.toString("latin1");
  });
  caller.on("error", () => undefined).on("close", () => closed.resolve(text));
  caller.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  expect(await closed.promise).toEndWith("half");
  const [line] = await eventually(async () => {
    const lines = await proxy.web.log();
    return lines.length > 0 && lines;
  });
  expect(line?.weft_error).toStartWith("upstream-");
});

test("an upgraded connection carries bytes both ways until both sides end", async () => {
  await using server = await rawServer((socket) =>
    onHeads(socket, () => {
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\nhello",
      );
      socket.on("data", (bytes) => socket.write(bytes.toString().toUpperCase()));
      socket.on("end", () => socket.end());
    }),
  );
  await using proxy = await leadingTo(server.port);
  const caller = await connectTo(proxy.port);
  let text = "";
  caller.on("data", (bytes) => {
    text += bytes.toString("latin1");
  });
  const closed = new Promise<void>((resolve) => caller.on("close", () => resolve()));
  caller.write("GET /ws HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n");
  await eventually(() => text.endsWith("hello"));
  expect(text).toStartWith("HTTP/1.1 101");
  caller.write("ping");
  await eventually(() => text.endsWith("PING"));
  caller.end();
  await closed;
});

describe("CONNECT", () => {
  const credentials = Buffer.from(`weft:${SECRET}`).toString("base64");
  const connectHead = (authority: string) =>
    `CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\nproxy-authorization: Basic ${credentials}\r\n\r\n`;

  async function connected(port: number, authority: string) {
    const caller = await connectTo(port);
    let text = "";
    caller.on("data", (bytes) => {
      text += bytes.toString("latin1");
    });
    caller.write(connectHead(authority));
    await eventually(() => text.includes("\r\n\r\n"));
    return { caller, text: () => text };
  }

  test("to a host of the mesh leads HTTP inside it through routing", async () => {
    const heads: string[] = [];
    await using server = await rawServer((socket) =>
      onHeads(socket, (head) => {
        heads.push(head);
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
      }),
    );
    const resources = outboundResources([destination("payments", [endpoint(server.port)])]);
    await using web = await runPlane({ name: "web", sockets: ["http-proxy"], resources });
    const { caller, text } = await connected(web.port("http-proxy"), "payments:80");
    caller.write("GET /inside HTTP/1.1\r\nhost: payments\r\n\r\n");
    await eventually(() => text().endsWith("ok"));
    expect(heads[0]).toStartWith("GET /inside HTTP/1.1\r\nhost: payments\r\n");
    expect(heads[0]).toContain("traceparent: ");
    expect((await web.log()).at(-1)).toMatchObject({
      path: "/inside",
      upstream_cluster: "payments",
    });
    caller.destroy();
  });

  test("carries what is not HTTP as bytes, also when the server speaks first", async () => {
    await using server = await rawServer((socket) => {
      socket.write("220 ready\r\n");
      socket.on("data", (bytes) => socket.write(bytes));
      socket.on("end", () => socket.end());
    });
    const resources = outboundResources([
      destination("payments", [endpoint(server.port)], { connections: bytesTo("payments") }),
    ]);
    await using web = await runPlane({ name: "web", sockets: ["http-proxy"], resources });
    const { caller, text } = await connected(web.port("http-proxy"), "payments:80");
    await eventually(() => text().endsWith("220 ready\r\n"));
    caller.write("\u0016\u0003binary");
    await eventually(() => text().endsWith("binary"));
    caller.end();
    await eventually(async () => (await web.log()).length > 0);
    expect((await web.log())[0]).toMatchObject({ protocol: "TCP", upstream_cluster: "payments" });
  });

  test("to a host outside the mesh is a plain tunnel, or 502 where those are refused", async () => {
    await using server = await rawServer((socket) =>
      socket.on("data", (bytes) => socket.write(bytes)),
    );
    await using open = await runPlane({
      name: "web",
      sockets: ["http-proxy"],
      resources: outboundResources([]),
    });
    const { caller, text } = await connected(open.port("http-proxy"), `127.0.0.1:${server.port}`);
    caller.write("echo");
    await eventually(() => text().endsWith("echo"));
    caller.destroy();
    const refusing = outboundResources([], httpProxyListener({ unknownHosts: "refuse" }));
    await using shut = await runPlane({
      name: "web",
      sockets: ["http-proxy"],
      resources: refusing,
    });
    const refused = await connected(shut.port("http-proxy"), `127.0.0.1:${server.port}`);
    expect(refused.text()).toStartWith("HTTP/1.1 502");
    refused.caller.destroy();
  });
});

describe("a loopback port of one destination", () => {
  test("refuses another user in words", async () => {
    const listener = upstreamListener("upstream|1", "payments");
    const resources = outboundResources([destination("payments", [])], listener);
    await using web = await runPlane({
      name: "web",
      sockets: ["upstream|1"],
      resources,
      peerUid: 4_242,
    });
    const caller = await connectTo(web.port("upstream|1"));
    let text = "";
    caller.on("data", (bytes) => {
      text += bytes.toString("latin1");
    });
    caller.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    await eventually(() => text.includes("other-user"));
    expect(text).toStartWith("HTTP/1.1 403");
    caller.destroy();
  });
});

test("a drain tells callers, lets the request under way finish and then ends", async () => {
  const held: Socket[] = [];
  await using server = await rawServer((socket) => onHeads(socket, () => held.push(socket)));
  await using proxy = await leadingTo(server.port);
  const caller = await connectTo(proxy.port);
  let text = "";
  caller.on("data", (bytes) => {
    text += bytes.toString("latin1");
  });
  caller.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await eventually(() => held.length === 1);
  const drained = proxy.web.plane.drain(10_000);
  held[0]?.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  await eventually(() => text.endsWith("ok"));
  expect(text).toContain("connection: close");
  caller.end();
  await drained;
});
