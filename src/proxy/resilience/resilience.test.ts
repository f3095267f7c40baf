import { describe, expect, test } from "bun:test";
import type { Cluster } from "#config/cluster.ts";
import type { Endpoint } from "#config/endpoint.ts";
import type { RetryPolicy } from "#config/route.ts";
import { backend } from "../../../test/support/backend.ts";
import { eventually } from "../../../test/support/eventually.ts";
import {
  destination,
  endpoint,
  forwardRoute,
  outboundResources,
  target,
} from "../../../test/support/proxy-config.ts";
import { OK, onHeads, rawServer } from "../../../test/support/raw-server.ts";
import { type Call, runPlane, viaProxy } from "../../../test/support/running-plane.ts";

const policy: RetryPolicy = {
  attempts: 2,
  on: ["connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes"],
  statusCodes: [],
  backoffBaseMs: 1,
  backoffMaxMs: 10,
  hostSelectionAttempts: 5,
  explicit: false,
};

/** One destination with these endpoints behind one proxy. */
async function calling(
  endpoints: readonly Endpoint[],
  more: {
    readonly retry?: Partial<RetryPolicy>;
    readonly timeoutMs?: number;
    readonly cluster?: Partial<Cluster>;
  } = {},
) {
  const route = forwardRoute({
    clusters: [target("payments")],
    ...(more.retry && { retry: { ...policy, ...more.retry } }),
    ...(more.timeoutMs !== undefined && { timeoutMs: more.timeoutMs }),
  });
  const resources = outboundResources([
    destination("payments", endpoints, { routes: [route], cluster: more.cluster ?? {} }),
  ]);
  const web = await runPlane({ name: "web", sockets: ["http-proxy"], resources });
  const call = (more: Call = {}) => viaProxy(web.port("http-proxy"), "http://payments/x", more);
  return { web, call, [Symbol.asyncDispose]: () => web[Symbol.asyncDispose]() };
}

/** Nobody serves tcpmux: connections are refused, whatever else this machine runs. */
const DEAD_PORT = 1;

describe("a retry", () => {
  test("finds the live endpoint when the other refuses connections, whatever the method", async () => {
    await using live = await backend();
    await using web = await calling([endpoint(DEAD_PORT), endpoint(live.port)], {
      retry: {},
    });
    for (let i = 0; i < 4; i++)
      expect((await web.call({ method: "POST", body: "pay" })).status).toBe(200);
    expect(live.seen.map(({ body }) => body)).toEqual(["pay", "pay", "pay", "pay"]);
    expect(live.seen.some(({ headers }) => headers["x-envoy-attempt-count"] === "2")).toBe(true);
  });

  test("does not repeat a POST that the application may have seen", async () => {
    await using broken = await rawServer((socket) => onHeads(socket, () => socket.destroy()));
    await using web = await calling([endpoint(broken.port)], {
      retry: { on: ["reset", "connect-failure"] },
    });
    const answer = await web.call({ method: "POST" });
    expect(answer.status).toBe(503);
    expect(answer.headers["weft-error"]).toMatch(/^upstream-(closed|reset);/);
    expect(broken.connections).toBe(1);
  });

  test("repeats it when it carries an Idempotency-Key, or when the user says so", async () => {
    const fail = (fails: number) =>
      rawServer((socket, n) =>
        onHeads(socket, () => (n <= fails ? socket.destroy() : socket.write(OK))),
      );
    await using first = await fail(1);
    await using keyed = await calling([endpoint(first.port)], { retry: { on: ["reset"] } });
    const headers = { "idempotency-key": "1" };
    expect((await keyed.call({ method: "POST", headers })).status).toBe(200);
    await using second = await fail(2);
    await using told = await calling([endpoint(second.port)], {
      retry: { on: ["reset"], explicit: true },
    });
    expect((await told.call({ method: "POST" })).status).toBe(200);
    expect(second.connections).toBe(3);
  });

  test("by status sends the whole body again, and stops after its attempts", async () => {
    await using failing = await backend((_, response) => response.writeHead(503).end("busy"));
    await using web = await calling([endpoint(failing.port)], {
      retry: { on: ["retriable-status-codes"], statusCodes: [503], explicit: true },
    });
    const answer = await web.call({ method: "POST", body: "x".repeat(30_000) });
    expect(answer).toMatchObject({ status: 503, body: "busy" });
    expect(failing.seen.map(({ body }) => body.length)).toEqual([30_000, 30_000, 30_000]);
    expect((await web.web.log())[0]).toMatchObject({ attempts: 3, response_flags: "URX" });
  });

  test("is not made for a body that is too large to keep", async () => {
    await using failing = await backend((_, response) => response.writeHead(503).end());
    await using web = await calling([endpoint(failing.port)], {
      retry: { on: ["5xx"], explicit: true },
    });
    expect((await web.call({ method: "POST", body: "x".repeat(200_000) })).status).toBe(503);
    expect(failing.seen).toHaveLength(1);
  });
});

describe("a time limit", () => {
  test("of the whole request ends it with 504", async () => {
    await using silent = await rawServer(() => undefined);
    await using web = await calling([endpoint(silent.port)], { timeoutMs: 100 });
    const started = performance.now();
    const answer = await web.call();
    expect(answer.status).toBe(504);
    expect(answer.headers["weft-error"]).toStartWith("request-timeout;");
    expect(performance.now() - started).toBeGreaterThanOrEqual(99);
    expect((await web.web.log())[0]).toMatchObject({
      response_flags: "UT",
      response_code_details: "response_timeout",
    });
  });

  test("of one try leaves time for the next", async () => {
    await using silent = await rawServer(() => undefined);
    await using live = await backend();
    await using web = await calling([endpoint(silent.port), endpoint(live.port)], {
      timeoutMs: 5_000,
      retry: { on: ["5xx"], explicit: true, perTryTimeoutMs: 50 },
    });
    for (let i = 0; i < 3; i++) expect((await web.call()).status).toBe(200);
  });
});

describe("limits of the connection pool", () => {
  test("let one request run, one wait, and refuse the third", async () => {
    const held: (() => void)[] = [];
    await using slow = await backend((_, response) => held.push(() => response.end("done")));
    await using web = await calling([endpoint(slow.port)], {
      cluster: {
        limits: { maxRequestsPerConnection: 0, maxConnections: 1, maxPendingRequests: 1 },
      },
    });
    const first = web.call();
    await eventually(() => held.length === 1);
    const second = web.call();
    const cluster = web.web.plane.clusters.get("payments");
    await eventually(() => cluster?.usage.pending === 1);
    const third = await web.call();
    expect(third.status).toBe(503);
    expect(third.headers["weft-error"]).toStartWith("circuit-open;");
    expect(third.headers["x-envoy-overloaded"]).toBe("true");
    held.shift()?.();
    await eventually(() => held.length === 1);
    held.shift()?.();
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    expect((await web.web.log())[0]).toMatchObject({ response_flags: "UO" });
  });
});

describe("a request that waits for a connection to an endpoint", () => {
  /** The first runs, the second waits. */
  async function waiting(port: number) {
    const one: Partial<Cluster> = {
      limits: { maxRequestsPerConnection: 0, maxConnections: 1, maxPendingRequests: 9 },
    };
    const web = await calling([endpoint(port)], { cluster: one });
    const first = web.call({ method: "POST" });
    const cluster = web.web.plane.clusters.get("payments");
    await eventually(() => cluster?.hosts[0]?.activeRequests === 1);
    const second = web.call({ method: "POST" });
    await eventually(() => cluster?.usage.pending === 1);
    return { ...web, first, second, one };
  }

  test.each([
    ["that leaves goes to another", (port: number) => [[endpoint(port)], {}] as const],
    [
      "that is dialled in another way from now on goes there",
      (_: number, old: number) => [[endpoint(old)], { multiplexing: "off" }] as const,
    ],
  ])("%s", async (_, changed) => {
    const held: (() => void)[] = [];
    await using live = await backend();
    await using slow = await backend((seen, response) => {
      if (slow.seen.indexOf(seen) === 0) held.push(() => response.end("done"));
      else response.end("again");
    });
    await using web = await waiting(slow.port);
    await eventually(() => held.length === 1);
    const [endpoints, more] = changed(live.port, slow.port);
    const cluster = { ...web.one, ...more };
    const route = forwardRoute({ clusters: [target("payments")] });
    web.web.apply(
      outboundResources([destination("payments", endpoints, { routes: [route], cluster })]),
    );
    held[0]?.();
    expect([(await web.first).status, (await web.second).status]).toEqual([200, 200]);
    expect(live.seen.length + slow.seen.length).toBe(2);
  });
});

test("an endpoint that fails in a row is ejected, and is back after its time", async () => {
  let isHealthy = false;
  await using bad = await backend((_, response) =>
    response.writeHead(isHealthy ? 200 : 500).end("bad"),
  );
  await using good = await backend((_, response) => response.end("good"));
  await using web = await calling([endpoint(bad.port), endpoint(good.port)], {
    cluster: {
      outlierDetection: {
        consecutive5xx: 3,
        splitExternalLocalOriginErrors: false,
        intervalMs: 100,
        baseEjectionMs: 500,
        maxEjectionMs: 5_000,
        maxEjectionPercent: 50,
        minHealthPercent: 0,
      },
    },
  });
  const cluster = web.web.plane.clusters.get("payments");
  await eventually(async () => {
    await web.call();
    return cluster?.usableHosts.length === 1;
  });
  for (let i = 0; i < 5; i++) expect((await web.call()).body).toBe("good");
  isHealthy = true;
  await eventually(() => cluster?.usableHosts.length === 2);
  await eventually(async () => (await web.call()).body === "bad");
});

describe("an idle connection that the server closes", () => {
  test("as a request is sent on it costs a GET nothing", async () => {
    await using closing = await rawServer((socket) => {
      let count = 0;
      onHeads(socket, () => (count++ === 0 ? socket.write(OK) : socket.destroy()));
    });
    await using web = await calling([endpoint(closing.port)]);
    for (let i = 0; i < 5; i++) expect((await web.call()).status).toBe(200);
    expect(closing.connections).toBe(5);
  });

  test("after the time that it announces is not used for longer", async () => {
    const announced = OK.replace("\r\n\r\n", "\r\nkeep-alive: timeout=1\r\n\r\n");
    await using server = await rawServer((socket) =>
      onHeads(socket, () => socket.write(announced)),
    );
    await using web = await calling([endpoint(server.port)]);
    await web.call();
    await web.call();
    expect(server.connections).toBe(1);
    const cluster = web.web.plane.clusters.get("payments");
    await eventually(() => {
      cluster?.sweep();
      return cluster?.usage.connections === 0;
    });
  });
});
