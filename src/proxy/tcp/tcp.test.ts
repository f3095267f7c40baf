import { describe, expect, test } from "bun:test";
import { createConnection, type Socket } from "node:net";
import type { ConnectionRoutes } from "#config/connection-routes.ts";
import { helloFor } from "../../../test/support/client-hello.ts";
import { eventually } from "../../../test/support/eventually.ts";
import { bytesTo, destination, endpoint } from "../../../test/support/proxy-config.ts";
import { rawServer } from "../../../test/support/raw-server.ts";
import { call, DEAD_PORT, echo, leadingTo, metric } from "../../../test/support/tcp-ends.ts";

describe("a connection of bytes", () => {
  test("is half-closed in both directions, whoever begins", async () => {
    await using server = await rawServer((socket) => {
      let text = "";
      socket.on("data", (bytes) => {
        text += bytes.toString("latin1");
      });
      socket.on("end", () => socket.end(`you said ${text}`));
    });
    await using web = await leadingTo([server.port], { connections: bytesTo("db", "tcp") });
    const caller = await call(web.here);
    caller.socket.end("all of it");
    await eventually(() => caller.text() === "you said all of it" && caller.hasEnded());

    await using early = await rawServer((socket) => {
      socket.end("bye");
      socket.on("data", (bytes) => received.push(bytes.toString("latin1")));
    });
    const received: string[] = [];
    await using other = await leadingTo([early.port], { connections: bytesTo("db", "tcp") });
    const talker = await call(other.here);
    await eventually(() => talker.text() === "bye" && talker.hasEnded());
    talker.socket.end("still heard");
    await eventually(() => received.join("") === "still heard");
    await eventually(async () => (await other.log()).length === 1);
    expect((await other.log())[0]).toMatchObject({ response_flags: "-", bytes_sent: 3 });
  });

  test("passes on an end without a word", async () => {
    await using server = await rawServer((socket) => socket.on("end", () => socket.end("daytime")));
    await using web = await leadingTo([server.port]);
    const caller = await call(web.here);
    caller.socket.end();
    await eventually(() => caller.text() === "daytime" && caller.hasEnded());
  });

  test("goes to another endpoint when one cannot be reached", async () => {
    await using server = await echo();
    const dead = [DEAD_PORT, DEAD_PORT + 1];
    await using web = await leadingTo([...dead, server.port], {
      connections: bytesTo("db", "tcp"),
    });
    for (let i = 0; i < 6; i++) {
      const caller = await call(web.here);
      caller.socket.write("x");
      await eventually(() => caller.text() === "x");
      caller.socket.end();
      await eventually(caller.hasEnded);
    }
    await eventually(async () => (await web.log()).length === 6);
    const lines = await web.log();
    expect(lines.every((line) => line.response_flags === "-")).toBe(true);
    expect(lines.some((line) => Number(line.attempts) > 1)).toBe(true);
  });

  test("leaves out an endpoint that could not be reached some times in a row", async () => {
    await using live = await echo();
    const outlierDetection = {
      consecutive5xx: 2,
      splitExternalLocalOriginErrors: false,
      intervalMs: 60_000,
      baseEjectionMs: 60_000,
      maxEjectionMs: 60_000,
      maxEjectionPercent: 50,
      minHealthPercent: 0,
    };
    await using web = await leadingTo([DEAD_PORT, live.port], {
      connections: bytesTo("db", "tcp"),
      cluster: { outlierDetection },
    });
    const cluster = web.plane.clusters.get("db");
    await eventually(async () => {
      const caller = await call(web.here);
      caller.socket.write("x");
      await eventually(() => caller.text() === "x");
      caller.socket.destroy();
      return cluster?.usableHosts.length === 1;
    });
    expect(cluster?.usableHosts[0]?.address).toBe(`127.0.0.1:${live.port}`);
  });

  test("is shared out by weight and routed by what its TLS asks for", async () => {
    await using v1 = await echo("v1:");
    await using v2 = await echo("v2:");
    await using named = await echo("named:");
    const connections: ConnectionRoutes = {
      content: "tls",
      addresses: [],
      tls: [
        {
          serverNames: ["*.example.com"],
          subnets: [],
          clusters: [{ cluster: "named", weight: 1 }],
        },
      ],
      tcp: [
        {
          subnets: [],
          clusters: [
            { cluster: "db", weight: 1 },
            { cluster: "v2", weight: 1 },
            { cluster: "named", weight: 0 },
          ],
        },
      ],
    };
    await using web = await leadingTo([v1.port], {
      connections,
      others: [
        destination("v2", [endpoint(v2.port)]),
        destination("named", [endpoint(named.port)]),
      ],
    });
    const answers = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const caller = await call(web.here);
      caller.socket.write("plain");
      await eventually(() => caller.text().length > 0);
      answers.add(caller.text());
      caller.socket.destroy();
    }
    expect([...answers].sort()).toEqual(["v1:plain", "v2:plain"]);
    const hello = helloFor("db.example.com");
    const caller = await call(web.here);
    for (const byte of hello) {
      caller.socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(() => caller.text().startsWith("named:\x16\x03"));
    caller.socket.destroy();
    await eventually(async () =>
      (await web.log()).some(
        (line) =>
          line.requested_server_name === "db.example.com" && line.upstream_cluster === "named",
      ),
    );
  });

  test("is refused past the limit of the destination's connections, and let in when one has ended", async () => {
    await using server = await echo();
    await using web = await leadingTo([server.port], {
      connections: bytesTo("db", "tcp"),
      cluster: { limits: { maxRequestsPerConnection: 0, maxConnections: 1 } },
    });
    const first = await call(web.here);
    first.socket.write("1");
    await eventually(() => first.text() === "1");
    const second = await call(web.here);
    await eventually(second.isClosed);
    expect((await web.log())[0]).toMatchObject({
      response_flags: "UO",
      weft_error: "circuit-open",
      attempts: 0,
    });
    first.socket.end();
    await eventually(first.hasEnded);
    await eventually(async () => (await web.log()).length === 2);
    const third = await call(web.here);
    third.socket.write("3");
    await eventually(() => third.text() === "3");
    third.socket.destroy();
  });

  test("ends when no byte came in either direction for its idle time, and not before", async () => {
    await using server = await rawServer((socket) => {
      const ticking = setInterval(() => socket.write("."), 300);
      socket.on("data", () => clearInterval(ticking));
      socket.on("close", () => clearInterval(ticking));
    });
    await using web = await leadingTo([server.port], {
      connections: bytesTo("db", "tcp"),
      cluster: { tcpIdleTimeoutMs: 2_500 },
    });
    const caller = await call(web.here);
    // 3.6 s of one direction only
    await eventually(() => caller.text().length >= 12);
    caller.socket.write("x");
    await eventually(caller.isClosed);
    await eventually(async () => (await web.log()).length === 1);
    expect((await web.log())[0]).toMatchObject({ response_flags: "SI" });
  }, 15_000);

  test("ends when it is as old as it may be, however busy", async () => {
    await using server = await rawServer((socket) => {
      const ticking = setInterval(() => socket.write("."), 100);
      socket.on("close", () => clearInterval(ticking));
    });
    await using web = await leadingTo([server.port], {
      connections: bytesTo("db", "tcp"),
      cluster: { maxConnectionDurationMs: 1_000 },
    });
    const caller = await call(web.here);
    await eventually(caller.isClosed);
    expect(caller.text().length).toBeGreaterThan(3);
    await eventually(async () => (await web.log()).length === 1);
    expect((await web.log())[0]).toMatchObject({ response_flags: "DT" });
  }, 15_000);

  test("is counted by Istio's names while it is open", async () => {
    await using server = await echo("reply:");
    await using web = await leadingTo([server.port], { connections: bytesTo("db", "tcp") });
    const caller = await call(web.here);
    caller.socket.write("four");
    await eventually(() => caller.text() === "reply:four");
    expect(await metric(web, "istio_tcp_connections_opened_total")).toBe(1);
    await eventually(async () => (await metric(web, "istio_tcp_received_bytes_total")) === 4, {
      deadlineMs: 5_000,
    });
    expect(await metric(web, "istio_tcp_sent_bytes_total")).toBe(10);
    expect(await metric(web, "istio_tcp_connections_closed_total")).toBe(0);
    caller.socket.end();
    await eventually(async () => (await metric(web, "istio_tcp_connections_closed_total")) === 1);
  });

  test("that breaks says whose end broke", async () => {
    const held: Socket[] = [];
    await using server = await rawServer((socket) => {
      held.push(socket);
      socket.on("data", (bytes) => socket.write(bytes));
    });
    await using web = await leadingTo([server.port], { connections: bytesTo("db", "tcp") });
    for (const side of ["upstream", "downstream"]) {
      const caller = await call(web.here);
      caller.socket.write("x");
      await eventually(() => caller.text() === "x");
      if (side === "upstream") held.at(-1)?.resetAndDestroy();
      else caller.socket.resetAndDestroy();
      const lines = side === "upstream" ? 1 : 2;
      await eventually(async () => (await web.log()).length === lines);
    }
    expect((await web.log()).map((line) => line.response_flags)).toEqual(["UC", "DC"]);
  });

  test("holds no more than what its reader takes", async () => {
    let sent = 0;
    const piece = Buffer.alloc(64 * 1024);
    await using server = await rawServer((socket) => {
      const write = (): void => {
        while (!socket.destroyed && sent < 512 * 1024 * 1024) {
          sent += piece.length;
          if (!socket.write(piece)) {
            socket.once("drain", write);
            return;
          }
        }
      };
      write();
    });
    await using web = await leadingTo([server.port], { connections: bytesTo("db", "tcp") });
    const socket = createConnection(web.here, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.pause();
    let before = -1;
    let looksAlike = 0;
    await eventually(
      () => {
        looksAlike = sent > 0 && sent === before ? looksAlike + 1 : 0;
        before = sent;
        return looksAlike >= 20;
      },
      { deadlineMs: 10_000 },
    );
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    socket.destroy();
  }, 15_000);
});
