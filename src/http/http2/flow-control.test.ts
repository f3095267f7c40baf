import { describe, expect, test } from "bun:test";
import { eventually } from "../../../test/support/eventually.ts";
import type { Seen } from "../testing/echo-server.ts";
import { HandClock } from "../testing/hand-clock.ts";
import { responseHead } from "../testing/local-heads.ts";
import { WEFT_HTTP2_OPTIONS } from "./http2-options.ts";
import { BufferBudget } from "./limits/buffer-budget.ts";
import { http2EchoServer } from "./testing/http2-echo-server.ts";
import {
  data,
  END,
  frame,
  headers,
  OPEN,
  REQUEST,
  request,
  settings,
  windowUpdate,
} from "./testing/raw-frames.ts";
import { ScriptedPeer } from "./testing/scripted-peer.ts";

const chunked = responseHead("200 OK", [["transfer-encoding", "chunked"]]);
const WINDOW = 4;

function respondWith(body: string): (seen: Seen) => void {
  return ({ exchange }) => exchange.reply({ status: 200, fields: [], body });
}

describe("what is sent", () => {
  test("stays within the stream's window, and goes on when that is opened", async () => {
    await using server = await http2EchoServer({}, respondWith("0123456789"));
    const peer = await ScriptedPeer.connect(server.port, { settings: [[WINDOW, 4]] });
    peer.send(headers(1, REQUEST));
    await peer.expect("HEADERS 1 200", 'DATA 1 "0123"');
    await peer.settled();
    peer.send(windowUpdate(1, 3));
    await peer.expect('DATA 1 "456"');
    peer.send(settings([[WINDOW, 100]]));
    await peer.expect('DATA 1 END_STREAM "789"');
  });

  test("waits when the window has become negative", async () => {
    await using server = await http2EchoServer({}, respondWith("0123456789"));
    const peer = await ScriptedPeer.connect(server.port, { settings: [[WINDOW, 4]] });
    peer.send(headers(1, REQUEST));
    await peer.expect("HEADERS 1 200", 'DATA 1 "0123"');
    peer.send(settings([[WINDOW, 0]]), windowUpdate(1, 4));
    await peer.settled();
    peer.send(windowUpdate(1, 1));
    await peer.expect('DATA 1 "4"');
  });

  test("stays within the connection's window, and every stream gets its share of it", async () => {
    await using server = await http2EchoServer({}, respondWith("x".repeat(60_000)));
    const peer = await ScriptedPeer.connect(server.port, { settings: [[WINDOW, 100_000]] });
    peer.send(headers(1, REQUEST), headers(3, REQUEST));
    await peer.until("DATA 3");
    await peer.settled();
    expect(peer.body).toHaveLength(65_535);
    const full = peer.words.filter((word) => /^DATA [13] 16375$/.test(word));
    expect(full.map((word) => word[5])).toEqual(["1", "3", "1", "3"]);
    peer.send(windowUpdate(0, 100_000));
    await peer.until("DATA 1 END_STREAM");
    await peer.until("DATA 3 END_STREAM");
  });

  test("needs no window for what has no data", async () => {
    await using server = await http2EchoServer({}, ({ exchange, head }) => {
      exchange.respond(chunked, undefined);
      if (head.path === "/big") exchange.write(Buffer.alloc(70_000));
      exchange.end(responseHead("200 OK", [["x-end", "1"]]));
    });
    const peer = await ScriptedPeer.connect(server.port, { settings: [[WINDOW, 100_000]] });
    peer.send(headers(1, request("GET", "/big")), headers(3, REQUEST));
    await peer.until("TRAILERS 3 END_STREAM");
  });

  test("is reset when the client does not open its window in time, and its exchange told", async () => {
    await using server = await http2EchoServer({ stalledMs: 40 }, respondWith("0123456789"));
    const peer = await ScriptedPeer.connect(server.port, { settings: [[WINDOW, 4]] });
    peer.send(headers(1, REQUEST));
    await peer.expect("HEADERS 1 200", 'DATA 1 "0123"', "RST_STREAM 1 CANCEL");
    expect(server.seen[0]?.end).toMatchObject({ reason: "window-stalled", status: 408 });
  });

  test("tells its writer when there is enough, and when there is room again", async () => {
    const results: boolean[] = [];
    await using server = await http2EchoServer({ streamBufferBytes: 8 }, ({ exchange }) => {
      exchange.respond(chunked, undefined);
      for (const piece of ["0123", "4567", "89"]) results.push(exchange.write(Buffer.from(piece)));
    });
    const peer = await ScriptedPeer.connect(server.port, { settings: [[WINDOW, 0]] });
    peer.send(headers(1, REQUEST));
    await peer.expect("HEADERS 1 200");
    expect(results).toEqual([true, true, false]);
    peer.send(windowUpdate(1, 2));
    await peer.settled();
    expect(server.seen[0]?.drains).toBe(0);
    peer.send(windowUpdate(1, 4));
    await peer.settled();
    expect(server.seen[0]?.drains).toBe(1);
  });
});

describe("what is received", () => {
  test("is credited in large steps, to the stream and to the connection", async () => {
    await using server = await http2EchoServer({ connectionWindowBytes: 100_000 });
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("POST"), OPEN));
    for (let i = 0; i < 3; i++) peer.send(data(1, Buffer.alloc(16_384)));
    await peer.settled();
    expect(peer.words.filter((word) => word.startsWith("WINDOW_UPDATE"))).toEqual([
      "WINDOW_UPDATE 0 34465",
      "WINDOW_UPDATE 1 32768",
    ]);
    peer.send(data(1, Buffer.alloc(16_384)));
    await peer.until("WINDOW_UPDATE 0 65536");
  });

  test("beyond the stream's window resets it; the connection's window is not lost", async () => {
    await using server = await http2EchoServer({ streamWindowBytes: 100 });
    const peer = await ScriptedPeer.connect(server.port);
    await peer.settled();
    peer.send(headers(1, request("POST"), OPEN), data(1, Buffer.alloc(101)));
    await peer.expect("RST_STREAM 1 FLOW_CONTROL_ERROR");
    peer.send(headers(3, REQUEST));
    await peer.expect("HEADERS 3 200");
  });

  test("beyond the connection's window ends the connection", async () => {
    await using server = await http2EchoServer(
      { streamWindowBytes: 1_000_000, connectionWindowBytes: 65_535 },
      undefined,
      ({ exchange }) => exchange.pauseRequest(),
    );
    const peer = await ScriptedPeer.connect(server.port);
    await peer.settled();
    peer.send(headers(1, request("POST"), OPEN));
    for (let i = 0; i < 5; i++) peer.send(data(1, Buffer.alloc(16_000)));
    await peer.expect("GOAWAY 1 FLOW_CONTROL_ERROR", "FIN");
  });

  test("counts its padding, and gives it back at once", async () => {
    await using server = await http2EchoServer(
      { streamWindowBytes: 65_535, connectionWindowBytes: 65_535 },
      undefined,
      ({ exchange }) => exchange.pauseRequest(),
    );
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("POST"), OPEN));
    const padded = Buffer.concat([Buffer.of(255), Buffer.from("x"), Buffer.alloc(255)]);
    for (let i = 0; i < 129; i++) peer.send(frame(0, 8, 1, padded));
    await peer.until("WINDOW_UPDATE 0 32768");
  });

  test("is kept while it is not wanted, and told in order afterwards, with its end", async () => {
    await using server = await http2EchoServer({}, undefined, ({ exchange }) =>
      exchange.pauseRequest(),
    );
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("POST"), OPEN), data(1, "hel"), data(1, "lo", END));
    await peer.settled();
    expect(server.seen[0]?.body).toBe("");
    server.seen[0]?.exchange.resumeRequest();
    expect(server.seen[0]?.body).toBe("");
    await peer.expect("HEADERS 1 200", 'DATA 1 END_STREAM "POST / hello"');
  });

  test("and not wanted for too long gives its room back to the others by a reset", async () => {
    await using server = await http2EchoServer(
      { stalledMs: 40 },
      undefined,
      ({ exchange, head }) => {
        if (head.path === "/slow") exchange.pauseRequest();
      },
    );
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("POST", "/slow"), OPEN), data(1, "x"));
    await peer.expect("RST_STREAM 1 CANCEL");
    expect(server.seen[0]?.end).toMatchObject({ reason: "window-stalled" });
  });
});

describe("between our own proxies", () => {
  test("a slow reader does not hold up the others", async () => {
    const options = {
      ...WEFT_HTTP2_OPTIONS,
      dialect: "standard",
      connectionWindowBytes: 65_535,
    } as const;
    await using server = await http2EchoServer(options, undefined, ({ exchange, head }) => {
      if (head.path === "/slow") exchange.pauseRequest();
    });
    const peer = await ScriptedPeer.connect(server.port);
    for (const id of [1, 3, 5]) {
      peer.send(headers(id, request("POST", "/slow"), OPEN));
      for (let i = 0; i < 4; i++) peer.send(data(id, Buffer.alloc(15_000)));
      await peer.settled();
    }
    peer.send(headers(7, request("POST"), OPEN), data(7, "quick", END));
    await peer.expect("HEADERS 7 200", 'DATA 7 END_STREAM "POST / quick"');
  });

  test("what all streams hold is bounded: past the budget the fullest are reset", async () => {
    const budget = new BufferBudget(100_000);
    const options = { ...WEFT_HTTP2_OPTIONS, dialect: "standard", budget } as const;
    await using server = await http2EchoServer(options, undefined, ({ exchange }) =>
      exchange.pauseRequest(),
    );
    const peer = await ScriptedPeer.connect(server.port);
    const send = (id: number, frames: number): void => {
      peer.send(headers(id, request("POST"), OPEN));
      for (let i = 0; i < frames; i++) peer.send(data(id, Buffer.alloc(15_000)));
    };
    send(1, 2);
    send(3, 5);
    await peer.settled();
    expect(budget.usedBytes).toBe(105_000);
    send(5, 2);
    await peer.expect("RST_STREAM 3 ENHANCE_YOUR_CALM");
    await peer.settled();
    expect(budget.usedBytes).toBe(60_000);
    expect(server.seen[1]?.end).toMatchObject({ reason: "buffers-full" });
    peer.transport.destroy();
    await eventually(() => budget.usedBytes === 0);
  });

  test("while the budget is used up, windows are not opened; they are when there is room", async () => {
    const budget = new BufferBudget(10_000);
    const options = {
      ...WEFT_HTTP2_OPTIONS,
      dialect: "standard",
      budget,
      streamWindowBytes: 65_535,
    } as const;
    await using server = await http2EchoServer(options, undefined, ({ exchange, head }) => {
      if (head.path === "/slow") exchange.pauseRequest();
    });
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("POST", "/slow"), OPEN), data(1, Buffer.alloc(11_000)));
    peer.send(headers(3, request("POST"), OPEN));
    for (let i = 0; i < 3; i++) peer.send(data(3, Buffer.alloc(15_000)));
    await peer.settled();
    expect(peer.words).not.toContain("WINDOW_UPDATE 3 45000");
    server.seen[0]?.exchange.resumeRequest();
    await peer.until("WINDOW_UPDATE 3 45000");
  });
});

describe("a client that reads nothing", () => {
  const times = Array.from({ length: 3_000 }, (_, index) => 2 * index + 1);

  async function deafClient(clock: HandClock) {
    const value = "x".repeat(10_000);
    const server = await http2EchoServer(
      { ...clock.options, maxConcurrentStreams: 1_000 },
      (seen) => seen.exchange.reply({ status: 200, fields: [["x-large", value]], body: "" }),
    );
    const peer = await ScriptedPeer.connect(server.port);
    await peer.settled();
    peer.transport.pause();
    peer.send(...times.map((id) => headers(id, REQUEST)));
    let before = -1;
    await eventually(() => {
      const isStill = server.seen.length === before;
      before = server.seen.length;
      return isStill && before > 0;
    });
    return { server, peer };
  }

  test("is asked nothing more, and goes on when it has read", async () => {
    const { server, peer } = await deafClient(new HandClock());
    await using _ = server;
    const [connection] = server.connections;
    expect(server.seen.length).toBeLessThan(times.length);
    expect(connection?.transport.queuedBytes).toBeLessThan(700_000);
    peer.transport.resume();
    await peer.until(`HEADERS ${times.at(-1)} 200`);
  });

  test("is let go in time", async () => {
    const clock = new HandClock();
    const { server } = await deafClient(clock);
    await using _ = server;
    clock.pass(25_000);
    expect(server.connections.size).toBe(1);
    clock.pass(20_000);
    await eventually(() => server.connections.size === 0);
  });
});
