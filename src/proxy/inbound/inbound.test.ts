import { describe, expect, test } from "bun:test";
import type { IncomingHttpHeaders } from "node:http";
import { createConnection } from "node:net";
import type { Authorization, Condition } from "#config/authorization.ts";
import type { Endpoint } from "#config/endpoint.ts";
import type { InboundListener } from "#config/listener.ts";
import type { ConfigResource } from "#config/snapshot.ts";
import { backend } from "../../../test/support/backend.ts";
import {
  destination,
  endpoint,
  inboundCluster,
  inboundListener,
  outboundResources,
  resource,
} from "../../../test/support/proxy-config.ts";
import {
  direct,
  freshIssuer,
  idOf,
  runPlane,
  viaProxy,
} from "../../../test/support/running-plane.ts";

const exact = (value: string) => ({ kind: "exact", value }) as const;
const rule = (name: string, ...of: Condition[]) => ({
  name: `ns[shop]-policy[${name}]-rule[0]`,
  origin: {
    kind: "AuthorizationPolicy",
    namespace: "shop",
    name,
    generation: 1,
    rule: "spec.rules[0]",
  },
  when: { kind: "all", of } as const,
});

function inboundResources(
  port: number,
  mtls: InboundListener["mtls"],
  authorization?: Authorization,
): readonly ConfigResource[] {
  return [
    resource("listener", inboundListener(port, mtls, authorization)),
    resource("cluster", inboundCluster(port)),
  ];
}

/** Web calls payments by mutual TLS; both are proxies of their own. */
async function pair(options: {
  readonly appPort: number;
  readonly mtls?: InboundListener["mtls"];
  readonly authorization?: Authorization;
  readonly endpoint?: Partial<Endpoint>;
}) {
  const issuer = freshIssuer();
  const { appPort, mtls = "strict", authorization } = options;
  const inbound = `inbound|${appPort}`;
  const payments = await runPlane({
    name: "payments",
    issuer,
    sockets: [inbound, "admin"],
    resources: inboundResources(appPort, mtls, authorization),
  });
  const to = endpoint(payments.port(inbound), {
    identities: [idOf("payments")],
    transports: ["istio-mtls"],
    ...options.endpoint,
  });
  const transport = {
    kind: "auto-mtls",
    sni: "outbound_.80_._.payments",
    extraIdentities: [],
  } as const;
  const web = await runPlane({
    name: "web",
    issuer,
    sockets: ["http-proxy"],
    resources: outboundResources([destination("payments", [to], { cluster: { transport } })]),
  });
  return {
    web,
    payments,
    inboundPort: payments.port(inbound),
    call: (path = "/", more: Parameters<typeof viaProxy>[2] = {}) =>
      viaProxy(web.port("http-proxy"), `http://payments${path}`, more),
    [Symbol.asyncDispose]: async () => {
      await web[Symbol.asyncDispose]();
      await payments[Symbol.asyncDispose]();
    },
  };
}

describe("mutual TLS between two proxies", () => {
  test("carries a request, tells the application who called, and nothing of ours besides", async () => {
    await using app = await backend();
    await using mesh = await pair({ appPort: app.port });
    const answer = await mesh.call("/charge", {
      headers: { "x-forwarded-client-cert": "URI=spiffe://forged" },
    });
    expect(answer).toMatchObject({ status: 200, body: "ok\n" });
    const headers = app.seen[0]?.headers ?? ({} as IncomingHttpHeaders);
    expect(headers["x-forwarded-client-cert"]).toMatch(
      /^By=spiffe:\/\/cluster\.local\/ns\/shop\/sa\/payments;Hash=[0-9a-f]{64};Subject="";URI=spiffe:\/\/cluster\.local\/ns\/shop\/sa\/web$/,
    );
    expect(headers["weft-peer"]).toBeUndefined();
    expect((await mesh.payments.log())[0]).toMatchObject({
      peer: idOf("web"),
      direction: "inbound",
      response_code: 200,
    });
  });

  test("counts the request once on each side, with the caller's name on the server's", async () => {
    await using app = await backend();
    await using mesh = await pair({ appPort: app.port });
    for (let i = 0; i < 3; i++) await mesh.call();
    const { body } = await direct(mesh.payments.port("admin"), "/stats/prometheus");
    const line = body.split("\n").find((text) => text.startsWith("istio_requests_total"));
    expect(line).toEndWith(" 3");
    for (const label of [
      'reporter="destination"',
      'source_workload="web-1"',
      'source_app="web"',
      `source_principal="${idOf("web")}"`,
      'connection_security_policy="mutual_tls"',
    ])
      expect(line).toContain(label);
    const golden = mesh.web.plane.goldenSignals()[0]?.metrics[0];
    expect(golden?.kind === "value" ? golden.value : 0).toBe(3);
  });

  test("is refused when the server is not who it should be", async () => {
    await using app = await backend();
    await using mesh = await pair({ appPort: app.port, endpoint: { identities: [idOf("other")] } });
    const answer = await mesh.call();
    expect(answer.status).toBe(503);
    expect(answer.headers["weft-error"]).toStartWith("upstream-identity-mismatch;");
    expect(answer.body).toContain(idOf("payments"));
    expect(app.seen).toHaveLength(0);
  });
});

describe("a caller without a certificate", () => {
  test.each([
    ["strict", 403],
    ["permissive", 200],
    ["disable", 200],
  ] as const)("under %s gets %i", async (mtls, status) => {
    await using app = await backend();
    await using mesh = await pair({ appPort: app.port, mtls });
    const answer = await direct(mesh.inboundPort, "/", {
      headers: { "x-forwarded-client-cert": "URI=spiffe://forged", "weft-peer": "name=forged" },
    });
    expect(answer.status).toBe(status);
    if (status === 403) expect(answer.headers["weft-error"]).toStartWith("tls-required;");
    expect(app.seen).toHaveLength(status === 200 ? 1 : 0);
    expect(app.seen[0]?.headers["x-forwarded-client-cert"]).toBeUndefined();
  });
});

describe("an ALLOW policy on principal, method and path", () => {
  const authorization: Authorization = {
    deny: [],
    allow: [
      rule(
        "payments-charge",
        { kind: "principal", match: exact("cluster.local/ns/shop/sa/web") },
        { kind: "method", match: exact("POST") },
        { kind: "path", match: exact("/charge") },
      ),
    ],
  };

  test("lets the right request through and refuses others with the reason", async () => {
    await using app = await backend();
    await using mesh = await pair({ appPort: app.port, authorization });
    expect((await mesh.call("/charge", { method: "POST" })).status).toBe(200);
    const denied = await mesh.call("/refund", { method: "POST" });
    expect(denied.status).toBe(403);
    expect(denied.headers["weft-error"]).toStartWith(
      "denied-by-policy; by=payments-1/inbound; id=",
    );
    expect(denied.body).toStartWith(
      `denied: no ALLOW rule matches ${idOf("web")} -> POST /refund on payments (1 rule checked; closest: payments-charge, path mismatch)`,
    );
    expect((await mesh.payments.log()).at(-1)).toMatchObject({
      response_flags: "UAEX",
      response_code_details: "rbac_access_denied_matched_policy[none]",
    });
    expect(app.seen).toHaveLength(1);
  });

  test("holds for connections that are open when it changes", async () => {
    await using app = await backend();
    await using mesh = await pair({ appPort: app.port });
    expect((await mesh.call("/x")).status).toBe(200);
    mesh.payments.apply(inboundResources(app.port, "strict", authorization));
    expect((await mesh.call("/x")).status).toBe(403);
    mesh.payments.apply(inboundResources(app.port, "strict"));
    expect((await mesh.call("/x")).status).toBe(200);
  });
});

test("an application cannot speak for a proxy", async () => {
  await using app = await backend((_, response) =>
    response.setHeader("weft-error", "no-route; by=somebody/inbound").end(),
  );
  await using mesh = await pair({ appPort: app.port });
  const { headers } = await mesh.call();
  expect(headers["weft-error"]).toBeUndefined();
  expect(headers["x-application-weft-error"]).toBe("no-route; by=somebody/inbound");
});

test("what is on the wire between the proxies is TLS", async () => {
  await using app = await backend();
  await using mesh = await pair({ appPort: app.port });
  const closed = Promise.withResolvers<string>();
  const socket = createConnection(mesh.inboundPort, "127.0.0.1");
  let received = "";
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
  });
  socket.on("close", () => closed.resolve(received));
  socket.on("error", () => undefined);
  socket.write("\x16\x03\x01not a handshake, and long enough to be one record header");
  expect(await closed.promise).not.toContain("HTTP/");
});
