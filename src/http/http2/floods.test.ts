import { describe, expect, test } from "bun:test";
import { FLAG } from "#wire/http2/frame-header.ts";
import type { Http2Options } from "./http2-options.ts";
import { FLOOD_LIMITS, type FloodLimits } from "./limits/flood-limits.ts";
import { http2EchoServer } from "./testing/http2-echo-server.ts";
import {
  block,
  continuation,
  data,
  frame,
  goaway,
  headers,
  OPEN,
  ping,
  priority,
  REQUEST,
  request,
  rstStream,
  settings,
  settingsAck,
  windowUpdate,
} from "./testing/raw-frames.ts";
import { ScriptedPeer } from "./testing/scripted-peer.ts";

const flood = (limits: Partial<FloodLimits>): Partial<Http2Options> => ({
  flood: { ...FLOOD_LIMITS, ...limits },
});
const times = (count: number, make: (index: number) => Buffer): Buffer[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Sends all of it and expects to be told to calm down. */
async function expectRefused(options: Partial<Http2Options>, frames: Buffer[]): Promise<string> {
  await using server = await http2EchoServer(options);
  const peer = await ScriptedPeer.connect(server.port);
  await peer.settled();
  peer.send(...frames);
  const word = await peer.until("GOAWAY");
  await peer.until("FIN");
  // Somebody who behaves is served as before.
  const other = await ScriptedPeer.connect(server.port);
  other.send(headers(1, REQUEST));
  await other.expect("HEADERS 1 200");
  return word.split(" ")[2] ?? "";
}

/** Sends all of it and is served nevertheless. */
async function expectServed(options: Partial<Http2Options>, frames: Buffer[]): Promise<void> {
  await using server = await http2EchoServer(options);
  const peer = await ScriptedPeer.connect(server.port);
  await peer.settled();
  peer.send(...frames, headers(1_001, REQUEST));
  await peer.until("HEADERS 1001 200");
  expect(peer.words.filter((word) => word.startsWith("GOAWAY"))).toEqual([]);
}

const post = headers(1, request("POST"), OPEN);

describe("past its limit, each flood ends the connection; up to it, the client is served", () => {
  test("empty DATA frames in a row", async () => {
    expect(await expectRefused({}, [post, data(1, ""), data(1, "")])).toBe("ENHANCE_YOUR_CALM");
    await expectServed({}, [post, data(1, ""), data(1, "x"), data(1, "")]);
  });

  test("DATA frames of padding only", async () => {
    const padded = frame(0, FLAG.padded, 1, Buffer.concat([Buffer.of(9), Buffer.alloc(9)]));
    expect(await expectRefused({}, [post, padded, padded])).toBe("ENHANCE_YOUR_CALM");
  });

  test("tiny DATA frames", async () => {
    const options = flood({ tinyData: { burst: 50, perSecond: 0 } });
    const tiny = (count: number) => [post, ...times(count, () => data(1, "x"))];
    expect(await expectRefused(options, tiny(51))).toBe("ENHANCE_YOUR_CALM");
    await expectServed(options, tiny(50));
  });

  test("PRIORITY frames", async () => {
    const options = flood({ priorityFramesPerStream: 10 });
    const frames = (count: number) => [post, ...times(count, () => priority(3, 0))];
    expect(await expectRefused(options, frames(21))).toBe("ENHANCE_YOUR_CALM");
    await expectServed(options, frames(20));
  });

  test("WINDOW_UPDATE frames", async () => {
    const frames = (count: number) => [post, ...times(count, () => windowUpdate(0, 1))];
    expect(await expectRefused({}, frames(8))).toBe("ENHANCE_YOUR_CALM");
    await expectServed({}, frames(7));
  });

  test("streams that are begun and reset", async () => {
    const options = flood({ resets: { burst: 20, perSecond: 0 } });
    const frames = (count: number) =>
      times(count, (i) => {
        const id = 2 * i + 1;
        return Buffer.concat([headers(id, request("POST"), OPEN), rstStream(id, "CANCEL")]);
      });
    expect(await expectRefused(options, frames(21))).toBe("ENHANCE_YOUR_CALM");
    await expectServed(options, frames(20));
  });

  test("resets of streams that are over already", async () => {
    const options = flood({ controlFrames: { burst: 100, perSecond: 0 } });
    const late = (count: number) => [
      headers(1, [...REQUEST, ["connection", "x"]]),
      ...times(count, () => rstStream(1, "CANCEL")),
    ];
    expect(await expectRefused(options, late(101))).toBe("ENHANCE_YOUR_CALM");
    await expectServed(options, late(80));
  });

  test("but requests that are given up when they were answered are no flood", async () => {
    const options = flood({ resets: { burst: 5, perSecond: 0 } });
    await using server = await http2EchoServer(options, undefined, ({ exchange }) =>
      exchange.reply({ status: 403, fields: [], body: "" }),
    );
    const peer = await ScriptedPeer.connect(server.port);
    for (let id = 1; id < 40; id += 2) {
      peer.send(headers(id, request("POST"), OPEN));
      await peer.expect(`HEADERS ${id} 403 END_STREAM`);
      peer.send(rstStream(id, "NO_ERROR"));
    }
    await peer.settled();
    expect(peer.words.filter((word) => word.startsWith("GOAWAY"))).toEqual([]);
  });

  test("resets that the server is made to send", async () => {
    const options = flood({ resets: { burst: 20, perSecond: 0 } });
    const bad = times(21, (i) => headers(2 * i + 1, [...REQUEST, ["connection", "x"]]));
    expect(await expectRefused(options, bad)).toBe("ENHANCE_YOUR_CALM");
  });

  test("most of many requests reset early", async () => {
    const options = flood({ earlyResetsFrom: 50 });
    const frames = (share: number) =>
      times(60, (i) => {
        const id = 2 * i + 1;
        const parts = [headers(id, request("POST"), OPEN)];
        if (i % 10 < share) parts.push(rstStream(id, "CANCEL"));
        return Buffer.concat(parts);
      });
    expect(await expectRefused(options, frames(7))).toBe("ENHANCE_YOUR_CALM");
    await expectServed(options, frames(4));
  });

  test("CONTINUATION frames", async () => {
    const [first, ...rest] = [...block(request("GET", `/${"a".repeat(20)}`))].map((byte) =>
      Buffer.of(byte),
    );
    const head = frame(1, FLAG.endStream, 1, first ?? Buffer.alloc(0));
    const frames = [head, ...rest.map((byte) => continuation(1, byte, 0))];
    expect(await expectRefused({}, frames)).toBe("ENHANCE_YOUR_CALM");
  });

  test("empty CONTINUATION frames", async () => {
    const empty = continuation(1, Buffer.alloc(0), 0);
    const head = frame(1, 0, 1, block(REQUEST).subarray(0, 5));
    expect(await expectRefused({}, [head, empty, empty])).toBe("ENHANCE_YOUR_CALM");
  });

  test("a header block larger than any head may be", async () => {
    const filler = times(5, () => continuation(1, Buffer.alloc(16_000), 0));
    const head = frame(1, 0, 1, block(REQUEST));
    expect(await expectRefused({}, [head, ...filler])).toBe("ENHANCE_YOUR_CALM");
  });

  test.each<[string, (index: number) => Buffer]>([
    ["PING", () => ping("12345678")],
    ["answers to PING", () => ping("unasked!", true)],
    ["SETTINGS", () => settings([[4, 1_000]])],
    ["acknowledgements", () => settingsAck()],
    ["GOAWAY", () => goaway(0, "NO_ERROR")],
    ["frames of no known type", () => frame(0xcb, 0, 0, Buffer.alloc(0))],
  ])("%s, also from a peer that reads all answers", async (_, make) => {
    const options = flood({ controlFrames: { burst: 100, perSecond: 0 } });
    expect(await expectRefused(options, times(101, make))).toBe("ENHANCE_YOUR_CALM");
    await expectServed(options, times(80, make));
  });

  test("header blocks of a stream that is over", async () => {
    const options = flood({ controlFrames: { burst: 100, perSecond: 0 } });
    const refused = headers(1, [...REQUEST, ["connection", "x"]]);
    const late = times(101, () => headers(1, REQUEST));
    expect(await expectRefused(options, [refused, ...late])).toBe("ENHANCE_YOUR_CALM");
  });

  test("PING beside data is how peers measure, and costs them nothing", async () => {
    const options = flood({ controlFrames: { burst: 100, perSecond: 0 } });
    await using server = await http2EchoServer(options);
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("POST"), OPEN));
    for (let i = 0; i < 300; i++) peer.send(data(1, "x"), ping("measures"));
    peer.send(data(1, "", FLAG.endStream));
    await peer.until("DATA 1");
    expect(peer.words.filter((word) => word.startsWith("PING ACK"))).toHaveLength(300);
  });

  test("a head beyond its limit is one request's fault, as long as its block is not far beyond", async () => {
    await using server = await http2EchoServer();
    const peer = await ScriptedPeer.connect(server.port);
    const bytes = block(request("GET", "/", [["x", "a".repeat(65_000)]]));
    const pieces = times(4, (i) =>
      i === 0
        ? frame(1, FLAG.endStream, 1, bytes.subarray(0, 16_384))
        : continuation(
            1,
            bytes.subarray(16_384 * i, 16_384 * (i + 1)),
            i === 3 ? FLAG.endHeaders : 0,
          ),
    );
    peer.send(...pieces, headers(3, REQUEST));
    await peer.until("HEADERS 1 431");
    await peer.until("HEADERS 3 200");
  });

  test("PING and SETTINGS whose answers are not read", async () => {
    const options = flood({ queuedControlFrames: 100 });
    expect(
      await expectRefused(
        options,
        times(200, () => ping("12345678")),
      ),
    ).toBe("ENHANCE_YOUR_CALM");
    expect(
      await expectRefused(
        options,
        times(200, () => settings()),
      ),
    ).toBe("ENHANCE_YOUR_CALM");
    await expectServed(
      options,
      times(50, () => ping("12345678")),
    );
  });
});

test("answers of any kind that nobody reads end the connection, past their number", async () => {
  const options = { ...flood({ queuedFrames: 100 }), requestsPerTurn: 1_000 };
  await using server = await http2EchoServer(options, undefined, ({ exchange }) =>
    exchange.reply({ status: 204, fields: [], body: "" }),
  );
  const ask = (count: number): Buffer[] => times(count, (i) => headers(2 * i + 1, REQUEST));
  const patient = await ScriptedPeer.connect(server.port);
  patient.send(...ask(80));
  await patient.until("HEADERS 159 204");
  const hasty = await ScriptedPeer.connect(server.port);
  hasty.send(...ask(150));
  expect(await hasty.until("GOAWAY")).toEndWith("ENHANCE_YOUR_CALM");
});

describe("in time", () => {
  test.each<[string, Partial<Http2Options>, Buffer[]]>([
    ["a header block", { headTimeoutMs: 30 }, [frame(1, 0, 1, block(REQUEST))]],
    ["a frame", { headTimeoutMs: 30 }, [headers(1, REQUEST).subarray(0, 12)]],
  ])("%s has to come to its end", async (_, options, frames) => {
    await using server = await http2EchoServer(options);
    const peer = await ScriptedPeer.connect(server.port);
    await peer.settled();
    peer.send(...frames);
    await peer.expect("GOAWAY 0 CANCEL", "FIN");
  });

  test("the preface has to come, and the acknowledgement of settings", async () => {
    await using server = await http2EchoServer({ prefaceTimeoutMs: 20, settingsTimeoutMs: 20 });
    const silent = await ScriptedPeer.connect(server.port, { settings: undefined });
    await silent.expect("GOAWAY 0 PROTOCOL_ERROR", "FIN");
    const other = await ScriptedPeer.connect(server.port, { settings: undefined });
    other.send(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settings());
    await other.expect("GOAWAY 0 SETTINGS_TIMEOUT", "FIN");
  });

  test("a body has to go on where that is asked for, and a stream to move at all", async () => {
    await using server = await http2EchoServer({ bodyTimeoutMs: 40 });
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("POST"), OPEN));
    await peer.expect("RST_STREAM 1 CANCEL");
    expect(server.seen[0]?.end).toMatchObject({ reason: "body-timeout", status: 408 });
    await using idle = await http2EchoServer({ streamIdleMs: 40 }, () => undefined);
    const waiting = await ScriptedPeer.connect(idle.port);
    waiting.send(headers(1, REQUEST));
    await waiting.expect("RST_STREAM 1 CANCEL");
    expect(idle.seen[0]?.end).toMatchObject({ reason: "stream-idle" });
  });
});

test("what comes after a refusal is read for a moment and dropped", async () => {
  await using server = await http2EchoServer();
  const peer = await ScriptedPeer.connect(server.port);
  await peer.settled();
  peer.send(data(0, "x"), headers(1, REQUEST));
  await peer.expect("GOAWAY 0 PROTOCOL_ERROR", "FIN");
  expect(server.seen).toEqual([]);
});
