// The limits of a destination: what is refused past each of them, in which words, and where it is counted.
import { describe, expect, test } from "bun:test";
import type { CircuitLimits, Cluster } from "#config/cluster.ts";
import type { RetryPolicy } from "#config/route.ts";
import { prometheusText } from "#proxy/telemetry/metric-family.ts";
import { type Backend, backend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import {
  destination,
  endpoint,
  forwardRoute,
  outboundResources,
  target,
  upstreamListener,
} from "../support/proxy-config.ts";
import { rawClient } from "../support/raw-client.ts";
import { OK, onHeads, rawServer } from "../support/raw-server.ts";
import { type Answer, direct, runPlane } from "../support/running-plane.ts";

const NAME = "payments";
const METRICS = {
  connections: "envoy_cluster_upstream_cx_overflow",
  requests: "envoy_cluster_upstream_rq_pending_overflow",
  retries: "envoy_cluster_upstream_rq_retry_overflow",
};

/** An application that answers when it is told to. */
async function holding(): Promise<Backend & { readonly held: (() => void)[]; release(): void }> {
  const held: (() => void)[] = [];
  const made = await backend((_, response) => held.push(() => response.end("done")));
  return Object.assign(made, {
    held,
    release: () => {
      for (const each of held.splice(0)) each();
    },
  });
}

async function calling(port: number, cluster: Partial<Cluster>, retry?: RetryPolicy) {
  const route = forwardRoute({ clusters: [target(NAME)], ...(retry && { retry }) });
  const to = destination(NAME, [endpoint(port)], { cluster, routes: [route] });
  const web = await runPlane({
    name: "web",
    sockets: ["upstream|1", "admin"],
    resources: outboundResources([to], upstreamListener("upstream|1", NAME)),
  });
  const here = web.port("upstream|1");
  return {
    web,
    call: () => direct(here, "/"),
    usage: () => web.plane.clusters.get(NAME)?.usage,
    metric: async (name: string): Promise<number | undefined> => {
      const text = (await direct(web.port("admin"), "/stats/prometheus")).body;
      const line = text.split("\n").find((each) => each.startsWith(`${name}{`));
      return line === undefined ? undefined : Number(line.split(" ").at(-1));
    },
    [Symbol.asyncDispose]: () => web[Symbol.asyncDispose](),
  };
}

const limited = (limits: Partial<CircuitLimits>): Partial<Cluster> => ({
  limits: { maxRequestsPerConnection: 0, ...limits },
});

function expectRefusal(answer: Answer): void {
  expect(answer.status).toBe(503);
  expect(answer.headers["weft-error"]).toStartWith("circuit-open; by=web-1/outbound; id=");
  expect(answer.headers["x-envoy-overloaded"]).toBe("true");
}

describe("past the limit of", () => {
  test("connections, requests wait for one that becomes free", async () => {
    await using app = await holding();
    await using web = await calling(app.port, limited({ maxConnections: 2 }));
    const calls = Array.from({ length: 6 }, () => web.call());
    await eventually(() => app.held.length === 2 && web.usage()?.pending === 4);
    expect(web.usage()?.connections).toBe(2);
    const done = Promise.all(calls);
    const releasing = setInterval(() => app.release(), 5);
    expect((await done).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    clearInterval(releasing);
    expect(await web.metric(METRICS.connections)).toBeGreaterThan(0);
    expect(await web.metric(METRICS.requests)).toBeUndefined();
  });

  test("waiting requests, one more is refused", async () => {
    await using app = await holding();
    const limits = { maxConnections: 1, maxPendingRequests: 2 };
    await using web = await calling(app.port, limited(limits));
    const first = web.call();
    await eventually(() => app.held.length === 1);
    const served = [first, web.call(), web.call()];
    await eventually(() => web.usage()?.pending === 2);
    const refused = await web.call();
    expectRefusal(refused);
    expect(refused.body).toContain("2 requests wait for a connection, no more may");
    const releasing = setInterval(() => app.release(), 5);
    for (const each of served) expect((await each).status).toBe(200);
    clearInterval(releasing);
    expect(await web.metric(METRICS.requests)).toBe(1);
    expect((await web.web.log())[0]).toMatchObject({
      response_flags: "UO",
      response_code: 503,
      weft_error: "circuit-open",
    });
    expect(prometheusText(web.web.plane.metrics.families())).toMatch(
      /istio_requests_total\{.*response_code="503".*response_flags="UO".*\} 1\n/,
    );
  });

  test("requests under way, one more is refused", async () => {
    await using app = await holding();
    await using web = await calling(app.port, limited({ maxRequests: 2 }));
    const served = Array.from({ length: 2 }, () => web.call());
    await eventually(() => app.held.length === 2);
    const refused = await web.call();
    expectRefusal(refused);
    expect(refused.body).toContain("2 requests are under way, no more are allowed");
    app.release();
    for (const each of served) expect((await each).status).toBe(200);
    const again = web.call();
    await eventually(() => app.held.length === 1);
    app.release();
    expect((await again).status).toBe(200);
    expect(await web.metric(METRICS.requests)).toBe(1);
  });

  test.each([
    ["the limit", { maxRetries: 1 }, { percent: 100, minConcurrency: 100 }],
    ["the budget", {}, { percent: 0, minConcurrency: 1 }],
  ])("retries by %s, a failure is passed on as it is", async (_, limits, retryBudget) => {
    const retry: RetryPolicy = {
      attempts: 1,
      on: ["5xx"],
      statusCodes: [],
      backoffBaseMs: 1,
      backoffMaxMs: 1,
      hostSelectionAttempts: 0,
      explicit: true,
    };
    const held: (() => void)[] = [];
    await using app = await backend((_seen, response, { headers }) => {
      const isRetry = headers["x-envoy-attempt-count"] === "2";
      if (isRetry) held.push(() => response.end("at last"));
      else response.writeHead(500).end("failed");
    });
    await using web = await calling(app.port, { ...limited(limits), retryBudget }, retry);
    const retried = web.call();
    await eventually(() => held.length === 1);
    expect(await web.call()).toMatchObject({ status: 500, body: "failed" });
    held[0]?.();
    expect(await retried).toMatchObject({ status: 200, body: "at last" });
    expect(await web.metric(METRICS.retries)).toBe(1);
    expect((await web.web.log())[0]).toMatchObject({ response_flags: "URX", attempts: 1 });
  });
});

test("a connection carries as many requests as it may, and is replaced then", async () => {
  const sockets = new Set<unknown>();
  await using counted = await backend((_, response, raw) => {
    sockets.add(raw.socket);
    response.end("ok\n");
  });
  await using web = await calling(counted.port, limited({ maxRequestsPerConnection: 2 }));
  for (let i = 0; i < 6; i++) expect((await web.call()).status).toBe(200);
  expect(sockets.size).toBe(3);
});

describe("a connection that has changed its protocol counts while it is open, against the limit of", () => {
  /** Two clients at the same moment: one whose upgrade was agreed to, and what becomes of the other's request. */
  async function beside(limits: Partial<CircuitLimits>) {
    const app = await rawServer((socket) => {
      onHeads(socket, (head) => {
        const isUpgrade = head.includes("upgrade: chat");
        socket.write(isUpgrade ? SWITCHING : OK);
      });
      socket.on("end", () => socket.end());
    });
    const web = await calling(app.port, limited(limits));
    const chat = await rawClient(web.web.port("upstream|1"));
    chat.send("GET / HTTP/1.1\r\nhost: payments\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n");
    await eventually(() => chat.text.includes("101 Switching"));
    return {
      web,
      app,
      end: async () => {
        chat.socket.end();
        await eventually(() => chat.hasEnded);
      },
      [Symbol.asyncDispose]: async () => {
        chat[Symbol.dispose]();
        await web[Symbol.asyncDispose]();
        await app[Symbol.asyncDispose]();
      },
    };
  }

  const SWITCHING =
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: chat\r\nconnection: upgrade\r\n\r\n";

  test("requests", async () => {
    await using open = await beside({ maxRequests: 1 });
    expectRefusal(await open.web.call());
    await open.end();
    await eventually(async () => (await open.web.call()).status === 200);
  });

  test("connections", async () => {
    await using open = await beside({ maxConnections: 1, maxPendingRequests: 1 });
    const waiting = open.web.call();
    await eventually(() => open.web.usage()?.pending === 1);
    expectRefusal(await open.web.call());
    expect([open.app.connections, open.web.usage()?.connections]).toEqual([1, 1]);
    await open.end();
    expect((await waiting).status).toBe(200);
    expect(open.app.connections).toBe(2);
  });
});
