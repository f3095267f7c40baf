import { describe, expect, test } from "bun:test";
import { noHeaderEdits } from "#config/route.ts";
import { backend } from "../../../test/support/backend.ts";
import {
  destination,
  endpoint,
  forwardRoute,
  httpProxyListener,
  outboundResources,
  target,
} from "../../../test/support/proxy-config.ts";
import { runPlane, viaProxy } from "../../../test/support/running-plane.ts";

const one = (resources: Parameters<typeof runPlane>[0]["resources"]) =>
  runPlane({ name: "web", sockets: ["http-proxy"], resources });

describe("a request to a host of the mesh", () => {
  test("reaches its backend in origin form, with trace fields and without our secret", async () => {
    await using server = await backend();
    await using web = await one(
      outboundResources([destination("payments", [endpoint(server.port)])]),
    );
    const answer = await viaProxy(web.port("http-proxy"), "http://payments/charge?a=1", {
      method: "POST",
      body: "42",
      headers: { "x-Custom": "kept", "x-forwarded-client-cert": "URI=spiffe://forged" },
    });
    expect(answer).toMatchObject({ status: 200, body: "ok\n" });
    const [seen] = server.seen;
    expect(seen).toMatchObject({ method: "POST", url: "/charge?a=1", body: "42" });
    expect(seen?.headers.host).toBe("payments");
    expect(seen?.headers["x-custom"]).toBe("kept");
    expect(seen?.headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
    expect(seen?.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    for (const absent of ["proxy-authorization", "x-forwarded-client-cert", "weft-peer"])
      expect(seen?.headers[absent]).toBeUndefined();
  });

  test("is written down once, with Istio's keys", async () => {
    await using server = await backend();
    await using web = await one(
      outboundResources([destination("payments", [endpoint(server.port)])]),
    );
    await viaProxy(web.port("http-proxy"), "http://payments/charge");
    const lines = await web.log();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      path: "/charge",
      response_code: 200,
      response_flags: "-",
      upstream_cluster: "payments",
      upstream_host: `127.0.0.1:${server.port}`,
      bytes_sent: 3,
      route_name: "default",
    });
    expect(lines[0]).not.toHaveProperty("weft_error");
  });

  test("follows weights, rewrites and header edits of its route", async () => {
    await using v1 = await backend((_, response) => response.end("v1"));
    await using v2 = await backend((_, response) => response.end("v2"));
    const edits = { set: [["x-set", "1"]], add: [["x-add", "2"]], remove: ["x-gone"] } as const;
    const routes = [
      forwardRoute(
        {
          clusters: [target("v2")],
          rewrite: { path: { kind: "prefix", value: "/api" }, authority: "inner" },
        },
        {
          match: {
            path: { kind: "prefix", value: "/v1" },
            headers: [{ name: "x-canary", match: { kind: "exact", value: "true" }, invert: false }],
            query: [],
          },
          requestHeaders: edits,
          responseHeaders: { ...noHeaderEdits, set: [["x-served-by", "canary"]] },
        },
      ),
      forwardRoute({ clusters: [target("payments", 1), target("v2", 0)] }),
    ];
    await using web = await one(
      outboundResources([
        destination("payments", [endpoint(v1.port)], { routes }),
        destination("v2", [endpoint(v2.port)]),
      ]),
    );
    const port = web.port("http-proxy");
    expect((await viaProxy(port, "http://payments/v1/x")).body).toBe("v1");
    const canary = await viaProxy(port, "http://payments/v1/x?q", {
      headers: { "x-canary": "true", "x-gone": "1", "x-set": "old" },
    });
    expect(canary.body).toBe("v2");
    expect(canary.headers["x-served-by"]).toBe("canary");
    expect(v2.seen[0]).toMatchObject({
      url: "/api/x?q",
      headers: { host: "inner", "x-set": "1", "x-add": "2" },
    });
    expect(v2.seen[0]?.headers["x-gone"]).toBeUndefined();
  });

  test("sees the path that policy and routing see", async () => {
    await using server = await backend();
    await using web = await one(
      outboundResources([destination("payments", [endpoint(server.port)])]),
    );
    await viaProxy(web.port("http-proxy"), "http://payments/a/%2e%2e/%61dmin/./x");
    expect(server.seen[0]?.url).toBe("/admin/x");
  });
});

describe("answers of the proxy itself", () => {
  test("name their maker and cause", async () => {
    const gone = destination("gone", []);
    const redirect = { kind: "redirect", status: 308, scheme: "https" } as const;
    const fixed = { kind: "respond", status: 418, body: "teapot" } as const;
    const routes = [
      {
        ...forwardRoute({ clusters: [] }),
        action: redirect,
        match: { path: { kind: "exact", value: "/r" } as const, headers: [], query: [] },
      },
      {
        ...forwardRoute({ clusters: [] }),
        action: fixed,
        match: { path: { kind: "exact", value: "/f" } as const, headers: [], query: [] },
      },
      forwardRoute(
        { clusters: [target("nowhere")] },
        { match: { path: { kind: "exact", value: "/c" }, headers: [], query: [] } },
      ),
    ];
    await using web = await one(
      outboundResources(
        [gone, destination("routed", [], { routes })],
        httpProxyListener({ unknownHosts: "refuse" }),
      ),
    );
    const port = web.port("http-proxy");
    const cases = [
      ["http://gone/", 503, "no-healthy-upstream", "UH"],
      ["http://routed/none", 404, "no-route", "NR"],
      ["http://routed/c", 503, "cluster-not-found", "NC"],
      ["http://elsewhere.example/", 502, "unknown-host", "NR"],
      ["http://gone/%zz", 400, "bad-path", "DPE"],
    ] as const;
    for (const [url, status, code, flag] of cases) {
      const answer = await viaProxy(port, url);
      expect(answer.status).toBe(status);
      expect(answer.headers["weft-error"]).toStartWith(`${code}; by=web-1/outbound; id=`);
      expect(answer.body).toContain("Next: ");
      const line = (await web.log()).at(-1);
      expect(line).toMatchObject({ response_code: status, response_flags: flag, weft_error: code });
      expect(answer.headers["weft-error"]).toEndWith(`id=${line?.record_id}`);
    }
    const moved = await viaProxy(port, "http://routed/r");
    expect([moved.status, moved.headers.location]).toEqual([308, "https://routed/r"]);
    expect(await viaProxy(port, "http://routed/f")).toMatchObject({ status: 418, body: "teapot" });
  });

  test("keep the secret's gate: without it, or with another, nothing is forwarded", async () => {
    await using server = await backend();
    await using web = await one(
      outboundResources([destination("payments", [endpoint(server.port)])]),
    );
    for (const secret of [undefined, "wrong"]) {
      const answer = await viaProxy(web.port("http-proxy"), "http://payments/", { secret });
      expect(answer.status).toBe(407);
      expect(answer.headers["proxy-authenticate"]).toStartWith("Basic");
    }
    expect(server.seen).toHaveLength(0);
  });
});

describe("a host outside the mesh", () => {
  test("is passed through as it was asked for", async () => {
    await using server = await backend();
    await using web = await one(outboundResources([]));
    const answer = await viaProxy(web.port("http-proxy"), `http://127.0.0.1:${server.port}/x`);
    expect(answer.status).toBe(200);
    expect((await web.log())[0]).toMatchObject({
      upstream_cluster: "PassthroughCluster",
      route_name: "allow_any",
    });
  });
});
