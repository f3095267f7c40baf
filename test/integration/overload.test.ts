// A proxy at the limits of its memory and of its places: what it turns away, in which words, and that it takes everything on
// again afterwards.
import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { type LimitName, proxyLimits } from "../../src/proxy/limits/limit-table.ts";
import { backend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { inboundCluster, inboundListener, resource } from "../support/proxy-config.ts";
import { direct, type RunningPlane, runPlane } from "../support/running-plane.ts";

const MIB = 2 ** 20;

interface Memory {
  usedBytes: number;
}

/** One inbound port in plaintext in front of an application. */
async function serve(
  port: number,
  limits: Partial<Record<LimitName, number>>,
  memory: Memory = { usedBytes: 0 },
): Promise<{ readonly proxy: RunningPlane; readonly port: number }> {
  const name = `inbound|${port}`;
  const proxy = await runPlane({
    name: "web",
    sockets: [name, "metrics"],
    resources: [
      resource("listener", inboundListener(port, "permissive")),
      resource("cluster", inboundCluster(port)),
    ],
    limits: proxyLimits(limits),
    usedBytes: () => memory.usedBytes,
  });
  return { proxy, port: proxy.port(name) };
}

const metric = async (proxy: RunningPlane, pattern: RegExp): Promise<string | undefined> =>
  pattern.exec((await direct(proxy.port("metrics"), "/stats/prometheus")).body)?.[1];

describe("short of memory", () => {
  const limits = { memory: 100 * MIB };

  test("connections end with their next response, then requests are refused, then connections; and all of it is taken back", async () => {
    await using server = await backend((_, response) => response.end("ok"));
    const memory = { usedBytes: 0 };
    const { proxy, port } = await serve(server.port, limits, memory);
    await using _ = proxy;
    const get = () => direct(port, "/", { headers: { connection: "keep-alive" } });
    expect((await get()).headers.connection).not.toBe("close");

    memory.usedBytes = 93 * MIB;
    await eventually(async () => (await get()).headers.connection === "close");
    expect((await get()).status).toBe(200);

    memory.usedBytes = 96 * MIB;
    const refused = await eventually(async () => {
      const answer = await get();
      return answer.status === 503 && answer;
    });
    expect(refused.headers["weft-error"]).toStartWith("overloaded; by=web-1/inbound");
    expect(refused.body).toContain("96 MiB of 100 MiB");
    expect((await proxy.log()).at(-1)).toMatchObject({
      ...{ response_code: 503, response_flags: "OM", weft_error: "overloaded" },
    });

    memory.usedBytes = 99 * MIB;
    await eventually(() =>
      get().then(
        () => false,
        () => true,
      ),
    );
    memory.usedBytes = 50 * MIB;
    await eventually(async () => (await get()).status === 200);
    expect((await get()).headers.connection).not.toBe("close");
    const turnedAway = /weft_connections_refused_total\{reason="memory-short"\} (\d+)/;
    expect(Number(await metric(proxy, turnedAway))).toBeGreaterThan(0);
    expect(await metric(proxy, /weft_memory_limit_bytes (\d+)/)).toBe(`${100 * MIB}`);
  });

  test("requests of HTTP/2 are refused alike", async () => {
    await using server = await backend((_, response) => response.end("ok"));
    const memory = { usedBytes: 96 * MIB };
    const { proxy, port } = await serve(server.port, limits, memory);
    await using _ = proxy;
    const statusOf = async (): Promise<unknown> => {
      const client = connectHttp2(`http://127.0.0.1:${port}`);
      client.on("error", () => undefined);
      const stream = client.request({ ":path": "/" });
      const [head] = await once(stream, "response");
      client.destroy();
      return head[":status"];
    };
    await eventually(async () => (await statusOf()) === 503);
    memory.usedBytes = 0;
    await eventually(async () => (await statusOf()) !== 503);
  });
});

describe("the places", () => {
  const openTo = async (port: number): Promise<Socket> => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    await once(socket, "connect");
    return socket;
  };

  test.each([
    ["of one listener", { "listener-connections": 3 }],
    ["of the process", { connections: 3 }],
  ] as const)(
    "%s are as many as are allowed; one that is given back can be had again",
    async (_what, limits) => {
      await using server = await backend((_, response) => response.end("ok"));
      const { proxy, port } = await serve(server.port, limits);
      await using _ = proxy;
      const sockets = [await openTo(port), await openTo(port), await openTo(port)];
      const reason = /weft_connections_refused_total\{reason="too-many-connections"\} (\d+)/;
      await eventually(async () => {
        const extra = await openTo(port);
        if (!extra.destroyed) await once(extra.resume(), "close");
        return (await metric(proxy, reason)) !== undefined;
      });
      sockets[0]?.destroy();
      await eventually(async () => (await direct(port, "/")).status === 200);
      for (const socket of sockets) socket.destroy();
    },
  );
});
