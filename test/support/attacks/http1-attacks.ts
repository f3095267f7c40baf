// What a client of HTTP/1 can do to a proxy.
import { type Attack, bounded, type Lane, words } from "./attack.ts";
import type { AttackSocket } from "./attack-socket.ts";
import { endless, flood, unreadFlood, untilClosed } from "./http2-lane.ts";
import { brokenRequests, SMUGGLED } from "./smuggling.ts";

const http1Attack = (
  attack: Omit<Attack, "over" | "speaks" | "connections"> & Partial<Attack>,
) => ({
  ...{ over: ["plain", "mtls"] as const, speaks: "http1" as const, connections: 4 },
  ...attack,
});

const get = (path: string, fields = ""): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const post = (path: string, fields: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`;
const CHUNKED = "Transfer-Encoding: chunked";

/** One byte at a time, as slowly as somebody who wants to hold a place. */
async function drip(lane: Lane, socket: AttackSocket, byte = "x"): Promise<void> {
  const timer = setInterval(() => socket.throwIn(byte), 200);
  await untilClosed(lane, socket);
  clearInterval(timer);
}

let broken = 0;

export const http1Attacks: readonly Attack[] = [
  http1Attack({
    name: "slow-heads",
    what: "heads of one byte every 200 ms",
    answer: words("HTTP 408"),
    connections: 32,
    run: async (lane) => {
      const socket = await lane.open();
      await socket.send("GET /attack HTTP/1.1\r\nHost: a\r\nX-Slow: ");
      await drip(lane, socket);
    },
  }),
  http1Attack({
    name: "slow-bodies",
    what: "bodies of known length, of one byte every 200 ms",
    answer: words("HTTP 408"),
    connections: 32,
    run: async (lane) => {
      const socket = await lane.open();
      await socket.send(post("/sink", "Content-Length: 1000000"));
      await drip(lane, socket);
    },
  }),
  http1Attack({
    name: "smuggling",
    what: "requests that two readers could take for different ones",
    answer: words("HTTP 400", "HTTP 417", "HTTP 431", "HTTP 501", "HTTP 505"),
    run: async (lane) => {
      const request = brokenRequests[broken++ % brokenRequests.length];
      const socket = await lane.open();
      await socket.send((request?.text ?? "") + SMUGGLED);
      await untilClosed(lane, socket);
    },
  }),
  http1Attack({
    name: "endless-head",
    what: "a head that never ends, at full speed",
    answer: words("HTTP 431", "END"),
    run: async (lane) => {
      const socket = await lane.open();
      await socket.send("GET /attack HTTP/1.1\r\nHost: a\r\n");
      await flood(lane, socket, endless(`X-More: ${"x".repeat(1_000)}\r\n`));
    },
  }),
  http1Attack({
    name: "chunk-extensions",
    what: "chunks of one byte with as long an extension as is allowed",
    answer: bounded,
    run: async (lane) => {
      const socket = await lane.open();
      await socket.send(post("/sink", CHUNKED));
      await flood(lane, socket, endless(`1;${"e".repeat(1_000)}\r\nx\r\n`.repeat(16)));
    },
  }),
  http1Attack({
    name: "long-chunk-extension",
    what: "a chunk extension that never ends",
    answer: words("HTTP 400", "END"),
    run: async (lane) => {
      const socket = await lane.open();
      await socket.send(`${post("/sink", CHUNKED)}1;`);
      await flood(lane, socket, endless("e".repeat(500)));
    },
  }),
  http1Attack({
    name: "tiny-chunks",
    what: "a body in chunks of one byte",
    answer: bounded,
    run: async (lane) => {
      const socket = await lane.open();
      await socket.send(post("/sink", CHUNKED));
      await flood(lane, socket, endless("1\r\nx\r\n".repeat(500)));
    },
  }),
  http1Attack({
    name: "endless-trailers",
    what: "trailers that never end",
    answer: words("HTTP 431", "END"),
    run: async (lane) => {
      const socket = await lane.open();
      await socket.send(`${post("/sink", CHUNKED)}0\r\n`);
      await flood(lane, socket, endless(`X-More: ${"x".repeat(1_000)}\r\n`));
    },
  }),
  http1Attack({
    name: "pipelined-flood",
    what: "requests one after the other without a pause, whose answers are read",
    answer: bounded,
    connections: 2,
    run: async (lane) => flood(lane, await lane.open(), endless(get("/attack/flood").repeat(50))),
  }),
  http1Attack({
    name: "pipelined-unread",
    what: "the same, whose answers are not read",
    answer: bounded,
    run: async (lane) => {
      const socket = await lane.open();
      await unreadFlood(lane, socket, endless(get("/attack/unread").repeat(50)));
    },
  }),
  http1Attack({
    name: "unread-big-answers",
    what: "large answers of which nothing is read",
    answer: words("END"),
    connections: 16,
    run: async (lane) => {
      const socket = await lane.open();
      await unreadFlood(lane, socket, [get("/big")]);
    },
  }),
  http1Attack({
    name: "aborted-requests",
    what: "requests for large answers, reset as soon as these begin",
    answer: bounded,
    run: async (lane) => {
      const socket = await lane.open();
      await socket.send(get("/big"));
      while (!lane.isOver() && !socket.isClosed && socket.words.receivedBytes === 0)
        await new Promise((resolve) => setTimeout(resolve, 2));
      socket.reset();
    },
  }),
  http1Attack({
    name: "h2c-upgrades",
    what: "requests to go on in HTTP/2, with its preface behind them",
    answer: words("HTTP 200"),
    run: async (lane) => {
      const socket = await lane.open();
      const ask =
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n";
      await socket.send(`${get("/attack/h2c", ask)}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`);
      await untilClosed(lane, socket);
    },
  }),
  http1Attack({
    name: "tunnels-to-anywhere",
    what: "CONNECT to other hosts, with bytes behind it that go on for ever",
    answer: words("HTTP 405", "END"), // the end alone, where it overtakes the answer
    run: async (lane) => {
      const socket = await lane.open();
      await socket.send("CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: 169.254.169.254:80\r\n\r\n");
      await flood(lane, socket, endless("x".repeat(4_000)));
    },
  }),
  http1Attack({
    name: "early-tunnel-bytes",
    what: "upgrades that nobody agrees to, with bytes behind them that go on for ever",
    answer: bounded,
    run: async (lane) => {
      const socket = await lane.open();
      await socket.send(get("/attack", "Connection: upgrade\r\nUpgrade: websocket\r\n"));
      await flood(lane, socket, endless("x".repeat(4_000)));
    },
  }),
];
