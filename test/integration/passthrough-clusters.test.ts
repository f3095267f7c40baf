// Destinations without endpoints of their own, such as a ServiceEntry without resolution: requests and connections go
// wherever they say, by the settings of the destination.
import { describe, expect, test } from "bun:test";
import { createConnection, type Socket } from "node:net";
import type { Cluster } from "#config/cluster.ts";
import type { ConnectionRoutes } from "#config/connection-routes.ts";
import { type Backend, backend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { bytesTo, destination, endpoint, outboundResources } from "../support/proxy-config.ts";
import { rawServer } from "../support/raw-server.ts";
import { runPlane, SECRET, viaProxy } from "../support/running-plane.ts";

/** A proxy for which these ports of this machine are one destination without endpoints. */
async function calling(
  ports: readonly number[],
  cluster: Partial<Cluster> = {},
  connections?: ConnectionRoutes,
) {
  const resourcesWith = (more: Partial<Cluster>) => {
    const made = destination("outside", [], {
      cluster: { discovery: { kind: "passthrough" }, ...more },
      ...(connections && { connections }),
    });
    const domains = ports.map((port) => `127.0.0.1:${port}`);
    const host = { ...made.host, domains };
    return outboundResources([{ ...made, host }]);
  };
  const web = await runPlane({
    name: "web",
    sockets: ["http-proxy"],
    resources: resourcesWith(cluster),
  });
  const port = web.port("http-proxy");
  return {
    web,
    port,
    call: (to: number, path = "/") => viaProxy(port, `http://127.0.0.1:${to}${path}`),
    change: (more: Partial<Cluster>) => web.apply(resourcesWith(more)),
    [Symbol.asyncDispose]: () => web[Symbol.asyncDispose](),
  };
}

/** Answers when it is told to. */
async function holding(): Promise<Backend & { readonly held: (() => void)[] }> {
  const held: (() => void)[] = [];
  const made = await backend((_, response) => held.push(() => response.end("done")));
  return Object.assign(made, { held });
}

const limitedTo = (maxConnections: number): Partial<Cluster> => ({
  limits: { maxRequestsPerConnection: 0, maxConnections, maxPendingRequests: 1 },
});

describe("a request", () => {
  test("reaches the address that it names, on connections that are kept", async () => {
    await using a = await backend((_, response) => response.end("a"));
    await using b = await backend((_, response) => response.end("b"));
    await using outside = await calling([a.port, b.port]);
    const bodies: string[] = [];
    for (const port of [a.port, b.port, a.port]) bodies.push((await outside.call(port)).body);
    expect(bodies).toEqual(["a", "b", "a"]);
    expect((await outside.web.log())[0]).toMatchObject({
      upstream_cluster: "outside",
      upstream_host: `127.0.0.1:${a.port}`,
    });
  });

  test("counts against limits that hold for all addresses together", async () => {
    await using a = await holding();
    await using b = await holding();
    const limits = { maxRequestsPerConnection: 0, maxRequests: 1 };
    await using outside = await calling([a.port, b.port], { limits });
    const first = outside.call(a.port);
    await eventually(() => a.held.length === 1);
    const second = await outside.call(b.port);
    expect(second.status).toBe(503);
    expect(second.headers["weft-error"]).toStartWith("circuit-open;");
    a.held.shift()?.();
    expect((await first).status).toBe(200);
    const third = outside.call(b.port);
    await eventually(() => b.held.length === 1);
    b.held.shift()?.();
    expect((await third).status).toBe(200);
  });

  test("waits for a connection of another address where no more are allowed", async () => {
    await using a = await holding();
    await using b = await holding();
    await using outside = await calling([a.port, b.port], limitedTo(1));
    const first = outside.call(a.port);
    await eventually(() => a.held.length === 1);
    const second = outside.call(b.port);
    const cluster = outside.web.plane.clusters.get("outside");
    await eventually(() => cluster?.usage.pending === 1);
    a.held.shift()?.();
    await eventually(() => b.held.length === 1);
    b.held.shift()?.();
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
  });

  test("follows settings that change, and a destination that gets endpoints", async () => {
    await using a = await backend();
    await using b = await backend();
    await using outside = await calling([a.port]);
    expect((await outside.call(a.port)).status).toBe(200);
    outside.change({ limits: { maxRequestsPerConnection: 0, maxRequests: 0 } });
    expect((await outside.call(a.port)).headers["weft-error"]).toStartWith("circuit-open");
    const { address } = endpoint(b.port);
    outside.change({ discovery: { kind: "static", endpoints: [address] } });
    expect((await outside.call(a.port)).status).toBe(200);
    expect([a.seen.length, b.seen.length]).toEqual([1, 1]);
    outside.change({});
    expect((await outside.call(a.port)).status).toBe(200);
    expect([a.seen.length, b.seen.length]).toEqual([2, 1]);
  });
});

test("a connection of bytes reaches the address that CONNECT names, within the limits", async () => {
  await using server = await rawServer((socket) => {
    socket.on("data", (bytes) => socket.write(`echo:${bytes}`));
    socket.on("end", () => socket.end());
  });
  await using outside = await calling([server.port], limitedTo(1), bytesTo("outside", "tcp"));
  const first = await connectThrough(outside.port, server.port);
  await eventually(() => first.text().includes("\r\n\r\n"));
  first.socket.write("x");
  await eventually(() => first.text().endsWith("echo:x"));
  const second = await connectThrough(outside.port, server.port);
  await eventually(() => second.text().startsWith("HTTP/1.1 503"));
  first.socket.destroy();
  second.socket.destroy();
  await eventually(async () =>
    (await outside.web.log()).some(
      (line) => line.upstream_cluster === "outside" && line.protocol === "TCP",
    ),
  );
});

async function connectThrough(proxy: number, to: number) {
  const socket: Socket = createConnection(proxy, "127.0.0.1");
  let text = "";
  socket.setEncoding("latin1").on("data", (piece: string) => {
    text += piece;
  });
  socket.on("error", () => undefined);
  const secret = Buffer.from(`weft:${SECRET}`).toString("base64");
  socket.write(
    `CONNECT 127.0.0.1:${to} HTTP/1.1\r\nhost: 127.0.0.1:${to}\r\nproxy-authorization: Basic ${secret}\r\n\r\n`,
  );
  return { socket, text: () => text };
}
