import { describe, expect, test } from "bun:test";
import { eventually } from "../../../test/support/eventually.ts";
import type { ServerExchange } from "../exchange.ts";
import { HandClock } from "../testing/hand-clock.ts";
import { responseHead } from "../testing/local-heads.ts";
import type { Http2Options } from "./http2-options.ts";
import { BufferBudget } from "./limits/buffer-budget.ts";
import { FLOOD_LIMITS } from "./limits/flood-limits.ts";
import { http2EchoServer } from "./testing/http2-echo-server.ts";
import {
  data,
  END,
  headers,
  OPEN,
  type RawField,
  request,
  rstStream,
  windowUpdate,
} from "./testing/raw-frames.ts";
import { ScriptedPeer } from "./testing/scripted-peer.ts";

const CHAT: readonly RawField[] = [
  [":protocol", "websocket"],
  ...request("CONNECT", "/chat", [["sec-websocket-version", "13"]]),
];
/** The same in Weft's dialect, where the host is a field. */
const WEFT_CHAT: readonly RawField[] = [
  ...CHAT.filter(([name]) => name !== ":authority"),
  ["Host", "a"],
  ["Upgrade", "WebSocket"],
];

const switching = responseHead("101 Switching Protocols", [["Upgrade", "websocket"]]);

/** A server whose answers the test gives: what came of the inside of each tunnel is in `said`. */
async function chatServer(options: Partial<Http2Options> = {}) {
  const exchanges: ServerExchange[] = [];
  const said: string[] = [];
  const server = await http2EchoServer(options, undefined, ({ exchange }) => {
    exchanges.push(exchange);
  });
  return {
    server,
    said,
    begun: (count = 1) => eventually(() => exchanges.length === count),
    agree(at = 0) {
      const exchange = exchanges[at];
      if (exchange === undefined) throw new Error("nobody has asked");
      exchange.respond(switching, undefined);
      const tunnel = exchange.takeOver();
      tunnel.attach({
        onData: (bytes) => void said.push(bytes.toString()),
        onEnd: () => void said.push("end"),
        onDrain: () => undefined,
        onClose: (error) => void said.push(`closed ${error?.code}`),
      });
      return tunnel;
    },
    refuse: (status: number) =>
      exchanges[0]?.reply({ status, fields: [], body: status === 204 ? "" : "no" }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

describe("an extended CONNECT", () => {
  test("is announced", async () => {
    await using chat = await chatServer();
    const peer = await ScriptedPeer.connect(chat.server.port);
    await peer.settled();
    expect(peer.settings[0]?.enableConnectProtocol).toBe(true);
  });

  test("that was not announced breaks the protocol", async () => {
    await using chat = await chatServer({ allowsExtendedConnect: false });
    const peer = await ScriptedPeer.connect(chat.server.port);
    peer.send(headers(1, CHAT, OPEN), headers(3, request("GET")));
    await peer.expect("RST_STREAM 1 PROTOCOL_ERROR");
    await peer.until("HEADERS 3 200");
    expect(peer.settings[0]?.enableConnectProtocol).not.toBe(true);
    expect(chat.server.seen).toHaveLength(1);
  });

  test("holds what comes early until the server agrees", async () => {
    await using chat = await chatServer();
    const peer = await ScriptedPeer.connect(chat.server.port);
    peer.send(headers(1, CHAT, OPEN), data(1, "early "), data(1, "bytes"), data(1, "", END));
    await chat.begun();
    await peer.settled();
    const [seen] = chat.server.seen;
    expect([seen?.body, seen?.isWhole, seen?.end]).toEqual(["", false, undefined]);
    chat.agree();
    await eventually(() => chat.said.includes("end"));
    expect(chat.said).toEqual(["early bytes", "end"]);
    await peer.expect("HEADERS 1 200");
  });

  test.each([400, 403, 426])(
    "drops it when the answer is %i, and the connection goes on",
    async (status) => {
      await using chat = await chatServer({ connectionWindowBytes: 65_535 });
      const peer = await ScriptedPeer.connect(chat.server.port);
      peer.send(headers(1, CHAT, OPEN), data(1, "x".repeat(16_000)));
      await chat.begun();
      chat.refuse(status);
      await peer.expect(`HEADERS 1 ${status}`, 'DATA 1 END_STREAM "no"');
      // The whole window of the connection, again and again: nothing of it is kept.
      for (let id = 3; id < 23; id += 2) {
        peer.send(headers(id, CHAT, OPEN), data(id, "x".repeat(16_000)), data(id, "", END));
        await chat.begun(1 + (id - 1) / 2);
        chat.server.seen[(id - 1) / 2]?.exchange.reply({ status, fields: [], body: "" });
        await peer.until(`HEADERS ${id} ${status}`);
      }
      const [seen] = chat.server.seen;
      expect([seen?.body, seen?.isWhole, seen?.end]).toEqual(["", false, null]);
    },
  );

  test("holds no more than a window", async () => {
    await using chat = await chatServer({ streamWindowBytes: 65_535 });
    const peer = await ScriptedPeer.connect(chat.server.port);
    peer.send(
      headers(1, CHAT, OPEN),
      ...Array.from({ length: 5 }, () => data(1, "x".repeat(16_000))),
    );
    await peer.expect("RST_STREAM 1 FLOW_CONTROL_ERROR");
    await eventually(() => chat.server.seen[0]?.end !== undefined);
    expect(chat.server.seen[0]?.end).toMatchObject({ reason: "stream-window-exceeded" });
  });

  test("that its client resets before the answer is over", async () => {
    await using chat = await chatServer();
    const peer = await ScriptedPeer.connect(chat.server.port);
    peer.send(headers(1, CHAT, OPEN), data(1, "early"));
    await chat.begun();
    peer.send(rstStream(1, "CANCEL"));
    await eventually(() => chat.server.seen[0]?.end !== undefined);
    expect(chat.server.seen[0]?.end).toMatchObject({ reason: "stream-reset" });
  });
});

describe("a tunnel between proxies", () => {
  async function opened(options: Partial<Http2Options> = {}) {
    const clock = new HandClock();
    const chat = await chatServer({ dialect: "weft", ...clock.options, ...options });
    const as = { dialect: "weft", upgrade: "websocket" } as const;
    const peer = await ScriptedPeer.connect(chat.server.port, as);
    peer.send(headers(1, WEFT_CHAT, OPEN));
    await chat.begun();
    const tunnel = chat.agree();
    await peer.expect("HEADERS 1 101");
    await peer.settled();
    return { ...chat, clock, peer, tunnel };
  }

  test("says in its head to what it changes", async () => {
    await using it = await opened();
    expect(it.peer.heads[0]?.field("upgrade")).toBe("websocket");
    expect(it.server.seen[0]?.head).toMatchObject({ method: "GET", upgrade: "websocket" });
  });

  test("may be silent for longer than a body", async () => {
    await using it = await opened({ bodyTimeoutMs: 1_000, stalledMs: 1_000 });
    it.clock.pass(600_000);
    it.peer.send(data(1, "still here"));
    await eventually(() => it.said.includes("still here"));
    it.tunnel.write("so am I");
    await it.peer.expect('DATA 1 "so am I"');
  });

  test("may be left unread, and goes on when it is read again", async () => {
    await using it = await opened({ stalledMs: 1_000 });
    it.tunnel.write(Buffer.alloc(100_000, "x"));
    await eventually(() => it.peer.body.length === 65_535);
    it.clock.pass(600_000);
    await it.peer.settled();
    it.peer.send(windowUpdate(1, 100_000), windowUpdate(0, 100_000));
    await eventually(() => it.peer.body.length === 100_000);
  });

  test.each(["by its reader", "by us"])(
    "that is left unread %s gives way when memory is short, and no more of them than need be",
    async (by) => {
      const budget = new BufferBudget(150_000);
      await using it = await opened({ stalledMs: 1_000, budget });
      const tunnels = [it.tunnel];
      it.peer.send(windowUpdate(0, 1_000_000));
      for (const id of [3, 5]) {
        it.peer.send(headers(id, WEFT_CHAT, OPEN));
        await it.begun((id + 1) / 2);
        tunnels.push(it.agree((id - 1) / 2));
      }
      await it.peer.settled();
      const hold = async (at: number): Promise<void> => {
        if (by === "by us") {
          tunnels[at]?.pause();
          it.peer.send(...Array.from({ length: 5 }, () => data(1 + 2 * at, Buffer.alloc(16_000))));
        } else {
          tunnels[at]?.write(Buffer.alloc(65_535));
          await eventually(() => it.peer.body.length === (at + 1) * 65_535);
          tunnels[at]?.write(Buffer.alloc(80_000));
        }
        await eventually(() => budget.usedBytes === (at + 1) * 80_000);
      };
      await hold(0);
      it.clock.pass(60_000);
      await it.peer.settled();
      expect(it.peer.words.filter((word) => word.startsWith("RST_STREAM"))).toEqual([]);
      await hold(1);
      it.clock.pass(60_000);
      await it.peer.until("RST_STREAM 1 CANCEL");
      await it.peer.settled();
      expect(it.peer.words.filter((word) => word.startsWith("RST_STREAM"))).toHaveLength(1);
      expect(budget.usedBytes).toBeLessThan(150_000);
    },
  );

  test("may carry messages as small as they come, and many of them", async () => {
    const flood = { ...FLOOD_LIMITS, tinyData: { burst: 10, perSecond: 10 } };
    await using it = await opened({ flood });
    for (let i = 0; i < 1_000; i++) it.peer.send(data(1, "."));
    await eventually(() => it.said.join("") === ".".repeat(1_000));
    // Outside of tunnels they have a rate.
    const post = request("POST").filter(([name]) => name !== ":authority");
    it.peer.send(headers(3, [...post, ["Host", "a"]], OPEN));
    for (let i = 0; i < 20; i++) it.peer.send(data(3, "."));
    await it.peer.until("GOAWAY 3 ENHANCE_YOUR_CALM");
  });
});

test("a stranger's tunnel that is left unread is reset", async () => {
  const clock = new HandClock();
  await using chat = await chatServer({ stalledMs: 1_000, ...clock.options });
  const peer = await ScriptedPeer.connect(chat.server.port);
  peer.send(headers(1, CHAT, OPEN));
  await chat.begun();
  chat.agree().write(Buffer.alloc(100_000, "x"));
  await eventually(() => peer.body.length === 65_535);
  clock.pass(2_000);
  await peer.until("RST_STREAM 1 CANCEL");
  await eventually(() => chat.said.includes("closed reset"));
});
