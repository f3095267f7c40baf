// Below HTTP: connections and handshakes.
import { type Attack, bounded, words } from "./attack.ts";
import { untilClosed } from "./http2-lane.ts";

/** The first bytes of a TLS record that says that it is longer. */
const HALF_HELLO = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]);

export const connectionAttacks: readonly Attack[] = [
  {
    name: "connection-churn",
    what: "connections that are closed as soon as they are open",
    over: ["plain"],
    speaks: "tcp",
    connections: 8,
    answer: bounded,
    run: async (lane) => {
      for (let i = 0; i < 50 && !lane.isOver(); i++) {
        const socket = await lane.openRaw();
        if (i % 2 === 0) socket.reset();
        else socket.destroy();
        await socket.closed;
      }
    },
  },
  {
    name: "silent-connections",
    what: "connections on which nothing is ever said",
    over: ["plain"],
    speaks: "tcp",
    connections: 200,
    answer: bounded,
    run: async (lane) => {
      const socket = await lane.openRaw();
      await untilClosed(lane, socket);
      socket.destroy();
    },
  },
  {
    name: "half-prefaces",
    what: "the first half of HTTP/2's preface, and nothing after it",
    over: ["plain", "mtls"],
    speaks: "http1",
    connections: 32,
    answer: words("HTTP 408", "HTTP 400"),
    run: async (lane) => {
      const socket = await lane.open();
      await socket.send("PRI * HT");
      await untilClosed(lane, socket);
    },
  },
  {
    name: "half-handshakes",
    what: "the first bytes of a TLS handshake, and nothing after them",
    over: ["plain"],
    speaks: "tls",
    connections: 64,
    answer: words("END"),
    run: async (lane) => {
      const socket = await lane.openRaw();
      await socket.send(HALF_HELLO);
      await untilClosed(lane, socket);
    },
  },
  {
    name: "broken-handshakes",
    what: "TLS records of noise",
    over: ["plain"],
    speaks: "tls",
    connections: 8,
    answer: words("END"),
    run: async (lane) => {
      const socket = await lane.openRaw();
      const noise = crypto.getRandomValues(Buffer.alloc(512));
      await socket.send(Buffer.from([22, 3, 1, 2, 0]), noise);
      await untilClosed(lane, socket);
    },
  },
  {
    name: "handshake-flood",
    what: "whole TLS handshakes with a certificate, closed when they are done",
    over: ["mtls"],
    speaks: "tls",
    connections: 4,
    answer: bounded,
    run: async (lane) => {
      const socket = await lane.open();
      socket.destroy();
      await socket.closed;
    },
  },
];
