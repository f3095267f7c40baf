import { createConnection, type Socket } from "node:net";
import type { Cluster } from "#config/cluster.ts";
import type { ConnectionRoutes } from "#config/connection-routes.ts";
import {
  bytesTo,
  destination,
  endpoint,
  outboundResources,
  upstreamListener,
} from "./proxy-config.ts";
import { rawServer } from "./raw-server.ts";
import { type RunningPlane, runPlane } from "./running-plane.ts";

/** One end of a connection, and all that it was told. */
export interface Caller {
  readonly socket: Socket;
  readonly text: () => string;
  readonly hasEnded: () => boolean;
  readonly isClosed: () => boolean;
}

export function call(port: number): Promise<Caller> {
  const socket = createConnection({ port, host: "127.0.0.1", allowHalfOpen: true });
  let text = "";
  let hasEnded = false;
  let isClosed = false;
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
  });
  socket.on("end", () => {
    hasEnded = true;
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    isClosed = true;
  });
  const caller = {
    socket,
    text: () => text,
    hasEnded: () => hasEnded,
    isClosed: () => isClosed || hasEnded,
  };
  return new Promise((resolve) => socket.on("connect", () => resolve(caller)));
}

export const echo = (prefix = "") =>
  rawServer((socket) => {
    socket.on("data", (bytes) => socket.write(prefix + bytes.toString("latin1"), "latin1"));
    socket.on("end", () => socket.end());
  });

/** Greets, then answers each line with itself. */
export const greeting = (words = "220 ready\r\n") =>
  rawServer((socket) => {
    socket.write(words);
    socket.on("data", (bytes) => socket.write(bytes));
    socket.on("end", () => socket.end());
  });

/** A loopback port of a proxy that leads to `db`, whose cluster has these endpoints. */
export async function leadingTo(
  ports: readonly number[],
  more: {
    readonly connections?: ConnectionRoutes;
    readonly cluster?: Partial<Cluster>;
    readonly others?: readonly ReturnType<typeof destination>[];
  } = {},
): Promise<RunningPlane & { readonly here: number }> {
  const { connections = bytesTo("db"), cluster, others = [] } = more;
  const db = destination(
    "db",
    ports.map((port) => endpoint(port)),
    { connections, ...(cluster && { cluster }) },
  );
  const resources = outboundResources([db, ...others], upstreamListener("upstream|1", "db"));
  const plane = await runPlane({ name: "web", sockets: ["upstream|1", "admin"], resources });
  return Object.assign(plane, { here: plane.port("upstream|1") });
}

/** Nobody serves tcpmux: connections are refused, whatever else this machine runs. */
export const DEAD_PORT = 1;

export async function metric(plane: RunningPlane, name: string): Promise<number> {
  const families = plane.plane.metrics.families();
  const values = families.find((family) => family.name === name)?.metrics ?? [];
  return values.reduce((sum, each) => sum + (each.kind === "value" ? each.value : 0), 0);
}
