// How proxies share, keep and replace the connections to what they call, on real sockets.
import { describe, expect, test } from "bun:test";
import { createServer as createHttpServer } from "node:http";
import { type ClientHttp2Session, connect as connectHttp2, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { goaway, headers, rstStream } from "#http/http2/testing/raw-frames.ts";
import { scriptedServer } from "#http/http2/testing/scripted-peer.ts";
import { FRAME } from "#wire/http2/frame-header.ts";
import { backend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { cluster, endpoint } from "../support/proxy-config.ts";
import { leadingTo, pair } from "../support/proxy-pair.ts";
import { rawClient } from "../support/raw-client.ts";
import { OK, onHeads, rawServer } from "../support/raw-server.ts";
import { direct } from "../support/running-plane.ts";
import { tempDir } from "../support/temp-dir.ts";

const CALLERS = 50;

/** Answers when as many requests are there as callers, so that all of them are under way at a time. */
function roundTable(size = CALLERS) {
  const waiting: (() => void)[] = [];
  return (answer: () => void): void => {
    waiting.push(answer);
    if (waiting.length === size) for (const each of waiting.splice(0)) each();
  };
}

const callAll = async (port: number, count = CALLERS): Promise<number[]> => {
  const calls = Array.from({ length: count }, (_, i) => direct(port, `/${i}`));
  return (await Promise.all(calls)).map(({ status }) => status);
};
const allOk = Array.from({ length: CALLERS }, () => 200);

describe("between two proxies", () => {
  test("the requests of many callers share one connection", async () => {
    const together = roundTable();
    await using app = await backend((_, response) => together(() => response.end()));
    await using mesh = await pair({ appPort: app.port });
    expect(await callAll(mesh.port)).toEqual(allOk);
    expect([mesh.host().connections, mesh.host().sharedConnections]).toEqual([1, 1]);
  });

  test("one that changes its protocol has a connection of its own, and the others share theirs beside it", async () => {
    await using app = await rawServer((socket) => {
      onHeads(socket, (head) => {
        if (!head.includes("upgrade: chat")) return void socket.write(OK);
        socket.removeAllListeners("data").on("data", (bytes) => socket.write(bytes));
        socket.write(
          "HTTP/1.1 101 Switching Protocols\r\nupgrade: chat\r\nconnection: upgrade\r\n\r\n",
        );
      });
      socket.on("end", () => socket.end());
    });
    await using mesh = await pair({ appPort: app.port });
    using chat = await rawClient(mesh.port);
    chat.send("GET /chat HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n");
    await eventually(() => chat.text.includes("101 Switching"));
    expect(await callAll(mesh.port)).toEqual(allOk);
    chat.send("still here");
    await eventually(() => chat.text.endsWith("still here"));
    expect(mesh.host().sharedConnections).toBe(1);
  });

  test("each has one of its own where multiplexing is off", async () => {
    const together = roundTable();
    await using app = await backend((_, response) => together(() => response.end()));
    await using mesh = await pair({ appPort: app.port, outbound: { multiplexing: "off" } });
    expect(await callAll(mesh.port)).toEqual(allOk);
    expect([mesh.host().connections, mesh.host().sharedConnections]).toEqual([CALLERS, 0]);
  });

  test("they share one by Istio's name where HTTP/2 is asked for and multiplexing is off", async () => {
    const together = roundTable();
    await using app = await backend((_, response) => together(() => response.end()));
    const outbound = { multiplexing: "off", protocol: "http2" } as const;
    await using mesh = await pair({ appPort: app.port, outbound });
    expect(await callAll(mesh.port)).toEqual(allOk);
    expect([mesh.host().connections, mesh.host().sharedConnections]).toEqual([1, 1]);
    const lines = await mesh.payments.log();
    expect(new Set(lines.map(({ protocol }) => protocol))).toEqual(new Set(["HTTP/2"]));
  });

  test("a connection carries no more requests at a time than a rule allows", async () => {
    const together = roundTable();
    await using app = await backend((_, response) => together(() => response.end()));
    const outbound = { http2: { maxConcurrentStreams: 10 } };
    await using mesh = await pair({ appPort: app.port, outbound });
    expect(await callAll(mesh.port)).toEqual(allOk);
    expect(mesh.host().sharedConnections).toBeGreaterThanOrEqual(5);
    expect(mesh.host().connections).toBeLessThan(10);
  });

  test("the application is spoken to in the version in which its caller spoke", async () => {
    await using old = await backend();
    await using young = await http2Backend((path) => `young ${path}`);
    const likeClient = {
      outbound: { protocol: "client" },
      inbound: { protocol: "client" },
    } as const;
    await using toOld = await pair({ appPort: old.port, ...likeClient });
    expect((await direct(toOld.port, "/a")).body).toBe("ok\n");
    await using toYoung = await pair({ appPort: young.port, ...likeClient });
    const client = connectHttp2(`http://127.0.0.1:${toYoung.port}`);
    expect(await ask(client, "/b")).toEqual({ status: 200, body: "young /b" });
    client.close();
    expect([toOld.host().sharedConnections, toYoung.host().sharedConnections]).toEqual([1, 1]);
  });
});

describe("a plaintext application that speaks HTTP/2", () => {
  const http2 = { protocol: "http2" } as const;

  test("gets the requests of HTTP/1 callers on one connection", async () => {
    const together = roundTable();
    await using app = await http2Backend((path, respond) => {
      together(() => respond(path));
      return undefined;
    });
    await using to = await leadingTo([endpoint(app.port)], http2);
    expect(await callAll(to.port)).toEqual(allOk);
    expect([to.host().connections, app.sessions]).toEqual([1, 1]);
  });

  test.each([
    ["a stream that it refuses", rstStream(1, "REFUSED_STREAM")],
    ["a stream beyond the last that it serves", goaway(0, "NO_ERROR")],
  ])("is sent anew %s, whatever the method", async (_, refusal) => {
    await using app = await scriptedServer();
    await using to = await leadingTo([endpoint(app.port)], http2);
    const call = direct(to.port, "/a", { method: "POST", body: "paid once" });
    const first = await app.peer();
    await first.until("HEADERS 1");
    first.send(refusal);
    const isGone = refusal[3] === FRAME.goaway;
    const [peer, stream] = isGone ? [await app.peer(), 1] : [first, 3];
    await peer.until(`HEADERS ${stream}`);
    peer.send(headers(stream, [[":status", "200"]]));
    expect(await call).toMatchObject({ status: 200, body: "" });
    expect(peer.body).toContain("paid once");
  });

  test("may end a connection at any time without failing a request", async () => {
    await using app = await http2Backend((path) => path);
    await using to = await leadingTo([endpoint(app.port)], http2);
    const statuses: number[] = [];
    const caller = async (): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        const { status } = await direct(to.port, "/", { method: "POST", body: `${i}` });
        statuses.push(status);
        if (statuses.length % 20 === 0) app.goAway();
      }
    };
    await Promise.all(Array.from({ length: 5 }, caller));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(app.sessions).toBeGreaterThan(3);
  });

  test("is told apart from one that does not", async () => {
    await using app = await backend();
    await using to = await leadingTo([endpoint(app.port)], http2);
    const { status, headers } = await direct(to.port, "/");
    expect(status).toBe(502);
    expect(headers["weft-error"]).toContain("upstream-protocol-error");
  });
});

describe("a server that closes idle connections after a time that it keeps to itself", () => {
  // Most gaps are as long as its time, so that requests and closes cross.
  test.each(["GET", "POST"])("fails no %s", async (method) => {
    const IDLE_MS = 120;
    await using server = await rawServer((socket) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      onHeads(socket, () => {
        clearTimeout(timer);
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        timer = setTimeout(() => socket.destroy(), IDLE_MS);
      });
      socket.on("close", () => clearTimeout(timer));
    });
    await using to = await leadingTo([endpoint(server.port)]);
    const statuses: number[] = [];
    const caller = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) {
        statuses.push((await direct(to.port, "/", { method })).status);
        await Bun.sleep(IDLE_MS - 3 + Math.random() * 6);
      }
    };
    await Promise.all(Array.from({ length: 25 }, caller));
    expect(statuses).toHaveLength(500);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});

describe("an endpoint", () => {
  test("may be a Unix socket", async () => {
    await using dir = await tempDir();
    const path = `${dir.path}/app.sock`;
    const server = createHttpServer((request, response) => response.end(`${request.url}`));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    await using to = await leadingTo([endpoint(0, { address: { host: "", port: 0, path } })]);
    expect((await direct(to.port, "/a")).body).toBe("/a");
    expect(await to.web.log()).toMatchObject([{ upstream_host: `unix://${path}` }]);
    server.close();
  });

  test("by a name is reached at whichever of its addresses answers", async () => {
    await using app = await backend();
    const discovery = {
      kind: "dns",
      hosts: [endpoint(app.port, { address: { host: "app.test", port: app.port } })],
      refreshMs: 60_000,
      isLogical: true,
    } as const;
    const names = cluster("payments", { discovery });
    const resolve = async () => ["127.0.0.3", "127.0.0.1"]; // nobody listens at the first
    await using to = await leadingTo([], names, { resolve });
    expect((await direct(to.port, "/a")).status).toBe(200);
    expect(to.host().address).toBe(`app.test:${app.port}`);
  });
});

test("each address of a name is an endpoint, and no other when the name has changed", async () => {
  await using first = await backend((_, response) => response.end("first"));
  const second = createHttpServer((_, response) => response.end("second"));
  await new Promise<void>((resolve) => second.listen(first.port, "127.0.0.2", resolve));
  let addresses = ["127.0.0.1", "127.0.0.2"];
  const named = endpoint(first.port, { address: { host: "app.test", port: first.port } });
  const discovery = { kind: "dns", hosts: [named], refreshMs: 1 } as const;
  const names = cluster("payments", { discovery });
  await using to = await leadingTo([], names, { resolve: async () => addresses });
  const hosts = () => to.web.plane.clusters.get("payments")?.hosts.map(({ address }) => address);
  await eventually(() => hosts()?.length === 2);
  const bodies = async (): Promise<ReadonlySet<string>> => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => direct(to.port, "/")));
    return new Set(answers.map(({ body }) => body));
  };
  expect(await bodies()).toEqual(new Set(["first", "second"]));
  addresses = ["127.0.0.2"];
  await eventually(() => {
    to.web.plane.clusters.sweep();
    return hosts()?.join() === `127.0.0.2:${first.port}`;
  });
  expect(await bodies()).toEqual(new Set(["second"]));
  second.closeAllConnections();
  second.close();
});

type Answer = { readonly status: number; readonly body: string };

function ask(session: ClientHttp2Session, path: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const stream = session.request({ ":path": path });
  let status = 0;
  let body = "";
  stream.on("response", (head) => {
    status = Number(head[":status"]);
  });
  stream.setEncoding("utf8").on("data", (piece: string) => {
    body += piece;
  });
  stream.on("end", () => resolve({ status, body })).on("error", reject);
  stream.end();
  return promise;
}

/** An application of the test's own process that speaks HTTP/2 only. A text is the answer's body. */
async function http2Backend(
  respond: (path: string, later: (body: string) => void) => string | undefined,
) {
  const server = createServer((request, response) => {
    const later = (body: string): void => void response.end(body);
    const answer = respond(request.url, later);
    if (answer !== undefined) later(answer);
  });
  const open = new Set<{ goaway(): void; destroy(): void }>();
  const made = {
    port: 0,
    sessions: 0,
    goAway: () => {
      for (const session of open) session.goaway();
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        for (const session of open) session.destroy();
        server.close(() => resolve());
      }),
  };
  server.on("session", (session) => {
    made.sessions++;
    open.add(session);
    session.on("close", () => open.delete(session)).on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  made.port = (server.address() as AddressInfo).port;
  return made;
}
