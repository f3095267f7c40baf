// What the mesh does with gRPC beyond carrying it: statuses decide about retries, ejection and the success rate, and what the
// proxies answer themselves is gRPC too. Every proxy is a real one, client and server are @grpc/grpc-js.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eventually, eventuallyHolds } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type GrpcCaller, startGrpcCaller, startGrpcServer } from "../support/grpc-workloads.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import {
  authorizationPolicy,
  destinationRule,
  documents,
  virtualService,
  type WrittenObject,
} from "../support/mesh-objects.ts";

const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;
const PERMISSION_DENIED = 7;
const INTERNAL = 13;
const UNAVAILABLE = 14;
const UNIMPLEMENTED = 12;

let mesh: Mesh;
let caller: GrpcCaller;
let ghostPort: number;

beforeAll(async () => {
  mesh = await startMesh();
  ghostPort = await freePort();
  [caller] = await Promise.all([
    startGrpcCaller(mesh, ["--name", "me", "-n", "shop"]),
    startGrpcServer(mesh, { name: "echo", protocol: "grpc" }),
    ...["good", "bad"].map((version) =>
      startGrpcServer(mesh, { name: "pair", flags: ["--label", `version=${version}`] }),
    ),
    mesh.run(["--name", "ghost", "-n", "shop", "--port", `50051:${ghostPort}`], ["sleep", "1000"]),
  ]);
  await eventuallyHolds(async () => {
    for (const name of ["echo", "pair"])
      expect((await caller.unary(`${name}:50051`, "emptyCall")).code).toBe(0);
  });
}, 60_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

const apply = (...objects: readonly WrittenObject[]): Promise<void> =>
  mesh.apply(documents(objects));

let keys = 0;
/** The first calls of this key end with that status. */
const failing = (status: number, times: number) => ({
  metadata: { "test-fail": `${status} ${times} ${++keys}` },
});

const echoRoute = (more: object, match?: object): WrittenObject =>
  virtualService("echo", {
    hosts: ["echo"],
    http: [
      {
        ...(match && { match: [match] }),
        route: [{ destination: { host: "echo", port: { number: 50_051 } } }],
        ...more,
      },
    ],
  });

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** `istio_requests_total` of a workload's proxy. */
async function requestsOf(app: string): Promise<readonly Sample[]> {
  const { metrics } = (await mesh.proxy(app)).addresses;
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  return [...text.matchAll(/^istio_requests_total\{(.*)\} (\d+)$/gm)].map(
    ([, labels = "", value]) => ({
      labels: Object.fromEntries(
        [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", text = ""]) => [name, text]),
      ),
      value: Number(value),
    }),
  );
}

describe("the status of a gRPC answer", () => {
  test.each([
    ["cancelled", CANCELLED],
    ["deadline-exceeded", DEADLINE_EXCEEDED],
    ["internal", INTERNAL],
    ["resource-exhausted", 8],
    ["unavailable", UNAVAILABLE],
  ])(
    "%s is tried again by a rule that names it, and by no other",
    async (condition, status) => {
      await apply(echoRoute({ retries: { attempts: 2, retryOn: condition } }));
      expect((await caller.unary("echo:50051", "emptyCall", failing(status, 2))).code).toBe(0);
      const tooOften = await caller.unary("echo:50051", "emptyCall", failing(status, 3));
      expect(tooOften).toMatchObject({ code: status, details: "failure 3 of 3" });
      const another = status === INTERNAL ? UNAVAILABLE : INTERNAL;
      const other = await caller.unary("echo:50051", "emptyCall", failing(another, 1));
      expect(other).toMatchObject({ code: another, details: "failure 1 of 1" });
    },
    20_000,
  );

  test("is a label of the metrics on both sides, and makes calls failures in weft stat", async () => {
    await startGrpcServer(mesh, { name: "counted", protocol: "grpc" });
    const destination = { host: "counted", port: { number: 50_051 } };
    await apply(
      virtualService("counted", { hosts: ["counted"], http: [{ route: [{ destination }] }] }),
    );
    for (const status of [UNAVAILABLE, UNAVAILABLE, 5])
      await caller.unary("counted:50051", "emptyCall", failing(status, 1));
    await caller.unary("counted:50051", "unaryCall", { request: { responseSize: 10 } });
    for (const [app, reporter] of [
      ["me", "source"],
      ["counted", "destination"],
    ] as const)
      await eventuallyHolds(async () => {
        const samples = (await requestsOf(app)).filter(
          ({ labels }) =>
            labels.reporter === reporter &&
            labels.destination_service_name === "counted" &&
            labels.request_protocol === "grpc" &&
            labels.response_code === "200",
        );
        const statuses = samples.map(({ labels }) => labels.grpc_response_status);
        expect(statuses).toEqual(expect.arrayContaining(["0", "5", `${UNAVAILABLE}`]));
      });
    await eventuallyHolds(async () => {
      expect(await statOf("counted")).toEqual({ requests: 4, failures: 2 });
    });
  }, 20_000);

  test("ejects an endpoint whose calls fail by it, though HTTP says 200", async () => {
    await apply(
      destinationRule("pair", {
        host: "pair",
        trafficPolicy: {
          outlierDetection: {
            consecutive5xxErrors: 3,
            interval: "1s",
            baseEjectionTime: "600s",
            maxEjectionPercent: 50,
          },
        },
      }),
    );
    const key = failing(UNAVAILABLE, 3); // at each of the two, which count for themselves
    const admin = (await mesh.proxy("me")).addresses.admin;
    await eventuallyHolds(async () => {
      for (let i = 0; i < 6; i++) await caller.unary("pair:50051", "emptyCall", key);
      const clusters = await (await fetch(`http://${admin}/clusters`)).text();
      expect(clusters).toMatch(/pair.*failed_outlier_check/);
    });
  }, 20_000);
});

async function statOf(service: string): Promise<{ requests: number; failures: number }> {
  const { stdout } = await mesh.weft(["stat", "-o", "json", "--window", "120"]);
  const { items } = JSON.parse(stdout) as {
    items: readonly { service: string; requests: number; failures: number }[];
  };
  const rows = items.filter((row) => row.service === service);
  const sum = (of: "requests" | "failures") => rows.reduce((all, row) => all + row[of], 0);
  return { requests: sum("requests"), failures: sum("failures") };
}

describe("a proxy's own answer to a gRPC call", () => {
  test("without a route is UNIMPLEMENTED", async () => {
    await apply(echoRoute({}, { uri: { prefix: "/grpc.testing.TestService/Unary" } }));
    const answer = await caller.unary("echo:50051", "emptyCall");
    expect(answer.code).toBe(UNIMPLEMENTED);
    expect(answer.details).toContain("no route of");
    expect(answer.trailing["weft-error"]).toStartWith("no-route; by=me-1/outbound");
  });

  test("that a route gives is its status, in words of any language", async () => {
    const words = "nicht heute – höchstens zu 100 %\nМожет, завтра 🎈";
    const directResponse = { status: 403, body: { string: words } };
    await apply(virtualService("echo", { hosts: ["echo"], http: [{ directResponse }] }));
    const answer = await caller.unary("echo:50051", "emptyCall");
    expect(answer).toMatchObject({ code: PERMISSION_DENIED, details: words });
  });

  test("without an endpoint that may be used is UNAVAILABLE", async () => {
    const route = { route: [{ destination: { host: "echo", subset: "none" } }] };
    await apply(
      destinationRule("echo", {
        host: "echo",
        subsets: [{ name: "none", labels: { version: "none" } }],
      }),
      virtualService("echo", { hosts: ["echo"], http: [route] }),
    );
    const answer = await caller.unary("echo:50051", "emptyCall");
    expect(answer.code).toBe(UNAVAILABLE);
    expect(answer.details).toContain("it has no endpoint");
    expect(answer.trailing["weft-error"]).toStartWith("no-healthy-upstream; by=me-1/outbound");
  });

  test("for an application that is not there is UNAVAILABLE, from the proxy beside it", async () => {
    const answer = await caller.unary("ghost:50051", "emptyCall");
    expect(answer.code).toBe(UNAVAILABLE);
    expect(answer.trailing["weft-error"]).toStartWith(
      "upstream-connect-refused; by=ghost-1/inbound",
    );
  });

  test("by policy is PERMISSION_DENIED, and names the rule in words that survive", async () => {
    await apply(
      echoRoute({}),
      authorizationPolicy("nobody", {
        selector: { matchLabels: { app: "echo" } },
        action: "DENY",
        rules: [{ to: [{ operation: { paths: ["/grpc.testing.TestService/EmptyCall"] } }] }],
      }),
    );
    const answer = await caller.unary("echo:50051", "emptyCall");
    expect(answer.code).toBe(PERMISSION_DENIED);
    expect(answer.details).toContain("nobody");
    expect(answer.trailing["weft-error"]).toStartWith("denied-by-policy; by=echo-1/inbound");
    expect((await caller.unary("echo:50051", "unaryCall")).code).toBe(0);
    await mesh.weft(["delete", "authorizationpolicy", "nobody", "-n", "shop"]);
    await eventually(async () => (await caller.unary("echo:50051", "emptyCall")).code === 0);
  }, 20_000);

  const slow = {
    request: { responseParameters: [{ size: 1, intervalUs: 20_000_000 }] },
  };

  test("after the route's timeout is DEADLINE_EXCEEDED", async () => {
    await apply(echoRoute({ timeout: "0.3s" }));
    const answer = await caller.serverStream("echo:50051", "streamingOutputCall", slow);
    expect(answer.code).toBe(DEADLINE_EXCEEDED);
    expect(answer.details).toContain("no whole answer within 300 ms");
    expect(answer.trailing["weft-error"]).toStartWith("request-timeout; by=me-1/outbound");
  });

  test("in the middle of a stream ends it with a status in words", async () => {
    const request = { responseParameters: [{ size: 7 }, { size: 1, intervalUs: 20_000_000 }] };
    const answer = await caller.serverStream("echo:50051", "streamingOutputCall", { request });
    expect(answer.received).toEqual([7]);
    expect(answer.code).toBe(DEADLINE_EXCEEDED);
    expect(answer.details).toContain("no whole answer within 300 ms");
  });

  test("past a limit of the destination is UNAVAILABLE", async () => {
    await apply(
      echoRoute({}),
      destinationRule("echo", {
        host: "echo",
        trafficPolicy: { connectionPool: { http: { http2MaxRequests: 1 } } },
      }),
    );
    const first = caller.serverStream("echo:50051", "streamingOutputCall", {
      request: { responseParameters: [{ size: 1, intervalUs: 1_000_000 }] },
    });
    const second = await eventually(async () => {
      const answer = await caller.unary("echo:50051", "emptyCall");
      return answer.code === 0 ? undefined : answer;
    });
    expect(second.code).toBe(UNAVAILABLE);
    expect(second.details).toContain("no more are allowed");
    expect(second.trailing["x-envoy-overloaded"]).toBe("true");
    expect(await first).toMatchObject({ code: 0, received: [1] });
  }, 20_000);
});
