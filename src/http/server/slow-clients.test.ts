/** Clients that are slow with their bodies, or take nothing of what waits for them. */
import { describe, expect, test } from "bun:test";
import { eventually } from "../../../test/support/eventually.ts";
import { echoServer } from "../testing/echo-server.ts";
import { HandClock } from "../testing/hand-clock.ts";
import { responseHead } from "../testing/local-heads.ts";
import { RawPeer } from "../testing/raw-peer.ts";

const post = (fields: string): string => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`;
const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

describe("a body of known length", () => {
  const rated = (clock: HandClock) => ({
    ...clock.options,
    bodyRate: { bytesPerSecond: 100, graceMs: 1_000 },
  });

  test("that drips gets 408, however regularly it drips", async () => {
    const clock = new HandClock();
    await using server = await echoServer(rated(clock));
    const peer = await RawPeer.connect(server.port);
    peer.send(`${post("Content-Length: 100000")}`);
    await eventually(() => server.seen.length === 1);
    for (let dripped = 1; dripped <= 20; dripped++) {
      peer.send("x");
      await eventually(() => server.seen[0]?.body.length === dripped, { everyMs: 1 });
      clock.pass(50);
    }
    expect(server.seen[0]?.end).toBeUndefined();
    clock.pass(300); // twenty bytes have earned a fifth of a second
    expect(server.seen[0]?.end).toMatchObject({ code: "body-timeout" });
    expect(await peer.until("\r\n\r\n")).toStartWith("HTTP/1.1 408 ");
  });

  test("that is ahead of the rate has earned its time", async () => {
    const clock = new HandClock();
    await using server = await echoServer(rated(clock));
    const peer = await RawPeer.connect(server.port);
    peer.send(`${post("Content-Length: 1001")}${"x".repeat(1_000)}`);
    await eventually(() => server.seen[0]?.body.length === 1_000);
    clock.pass(10_900);
    peer.send("y");
    expect(await peer.until("y")).toStartWith("HTTP/1.1 200 ");
  });

  test("is not judged while it is not read", async () => {
    const clock = new HandClock();
    await using server = await echoServer(rated(clock), undefined, ({ exchange }) =>
      exchange.pauseRequest(),
    );
    const peer = await RawPeer.connect(server.port);
    peer.send(post("Content-Length: 2"));
    await eventually(() => server.seen.length === 1);
    clock.pass(60_000);
    server.seen[0]?.exchange.resumeRequest();
    clock.pass(900);
    peer.send("hi");
    expect(await peer.until(" hi")).toStartWith("HTTP/1.1 200 ");
  });

  test("is not judged while its client waits for 100", async () => {
    const clock = new HandClock();
    await using server = await echoServer(rated(clock));
    const peer = await RawPeer.connect(server.port);
    peer.send(post("Content-Length: 2\r\nExpect: 100-continue"));
    await eventually(() => server.seen.length === 1);
    clock.pass(60_000);
    peer.send("hi");
    expect(await peer.until(" hi")).toStartWith("HTTP/1.1 200 ");
  });
});

test("a body of unknown length may take its time", async () => {
  const clock = new HandClock();
  await using server = await echoServer(clock.options);
  const peer = await RawPeer.connect(server.port);
  peer.send(`${post("Transfer-Encoding: chunked")}1\r\nx\r\n`);
  await eventually(() => server.seen[0]?.body === "x");
  clock.pass(600_000);
  peer.send("0\r\n\r\n");
  expect(await peer.until(" x")).toStartWith("HTTP/1.1 200 ");
});

describe("a client that reads nothing", () => {
  const large = Buffer.alloc(256 * 1024);

  test("of an endless answer is let go, and the exchange told", async () => {
    const clock = new HandClock();
    await using server = await echoServer(clock.options, ({ exchange }) => {
      exchange.respond(responseHead("200 OK", [["transfer-encoding", "chunked"]]), undefined);
      while (exchange.write(large)); // until there is no room
    });
    const peer = await RawPeer.connect(server.port);
    peer.transport.pause();
    peer.send(get);
    await eventually(() => server.seen[0]?.isWhole === true);
    clock.pass(29_000);
    expect(server.seen[0]?.end).toBeUndefined();
    clock.pass(10_000);
    await eventually(() => server.seen[0]?.end !== undefined);
    expect(server.seen[0]?.end).toMatchObject({ code: "unread" });
    expect(server.connections.size).toBe(0);
  });

  test("of its answers is asked nothing more, and goes on when it has read", async () => {
    const count = 1_000;
    const body = "x".repeat(40_000);
    await using server = await echoServer({}, ({ exchange }) =>
      exchange.reply({ status: 200, fields: [], body }),
    );
    const peer = await RawPeer.connect(server.port);
    peer.transport.pause();
    peer.send(get.repeat(count));
    let before = -1;
    await eventually(() => {
      const isStill = server.seen.length === before;
      before = server.seen.length;
      return isStill && before > 0;
    });
    expect(before).toBeLessThan(count);
    const [connection] = server.connections;
    expect(connection?.transport.queuedBytes).toBeLessThan(256 * 1024);
    peer.transport.resume();
    await eventually(() => server.seen.length === count);
    await eventually(() => peer.received.length > count * body.length);
  });
});

describe("a body in chunks of one byte", () => {
  const chunks = (count: number): string => "1\r\nx\r\n".repeat(count);

  test("lets others have their turn, and none is lost", async () => {
    await using server = await echoServer();
    const peer = await RawPeer.connect(server.port);
    const count = 50_000;
    peer.send(`${post("Transfer-Encoding: chunked")}${chunks(count)}0\r\n\r\n${get}`);
    await eventually(() => (server.seen[0]?.body.length ?? 0) > 0, { everyMs: 0 });
    expect(server.seen[0]?.body.length).toBeLessThan(count);
    await peer.until("GET / ");
    expect(server.seen[0]?.body.length).toBe(count);
    expect(server.seen.map(({ end }) => end)).toEqual([null, null]);
  });

  test("that is cut off is told to be", async () => {
    await using server = await echoServer();
    const peer = await RawPeer.connect(server.port);
    peer.send(`${post("Transfer-Encoding: chunked")}${chunks(5_000)}`);
    peer.end();
    expect(await peer.untilEnd()).toStartWith("HTTP/1.1 400 ");
    expect(server.seen[0]?.end).toMatchObject({ code: "truncated" });
  });

  test("that is answered early is dropped", async () => {
    await using server = await echoServer({}, undefined, ({ exchange }) =>
      exchange.reply({ status: 403, fields: [], body: "no" }),
    );
    const peer = await RawPeer.connect(server.port);
    peer.send(`${post("Transfer-Encoding: chunked")}${chunks(5_000)}0\r\n\r\n`);
    await peer.until("403");
    peer.send(get);
    await eventually(() => server.seen.length === 2);
  });
});
