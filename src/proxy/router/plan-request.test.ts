import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { noHeaderEdits, type Route, type RouteMatch, type VirtualHost } from "#config/route.ts";
import type { HeaderMatch } from "#config/string-match.ts";
import { compileHost, type Plan } from "./compiled-route.ts";
import { HostTable } from "./host-table.ts";
import { planRequest, type RouteTable } from "./plan-request.ts";
import type { RequestFacts } from "./request-facts.ts";

function facts(given: Partial<RequestFacts> & { headers?: Record<string, string> }): RequestFacts {
  const { headers = {}, ...rest } = given;
  return {
    method: "GET",
    scheme: "http",
    authority: "payments",
    path: "/",
    query: "",
    header: (name) => headers[name],
    ...rest,
  };
}

function forward(name: string, match: Partial<RouteMatch>, more: Partial<Route> = {}): Route {
  return {
    name,
    match: { path: { kind: "prefix", value: "/" }, headers: [], query: [], ...match },
    action: {
      kind: "forward",
      clusters: [
        { cluster: name, weight: 1, requestHeaders: noHeaderEdits, responseHeaders: noHeaderEdits },
      ],
    },
    requestHeaders: noHeaderEdits,
    responseHeaders: noHeaderEdits,
    ...more,
  };
}

function host(domains: string[], routes: Route[]): VirtualHost {
  return { name: domains[0] ?? "", domains, routes, origins: {} };
}

function table(hosts: VirtualHost[], searchDomains: string[] = []): RouteTable {
  const made = new HostTable(searchDomains, compileHost);
  for (const one of hosts) made.add(one.domains, one);
  return made;
}

const half = () => 0.5;
const nameOf = (plan: Plan): string => ("routeName" in plan ? plan.routeName : plan.kind);

describe("the virtual host", () => {
  const shop = ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"];
  const hosts = table(
    [
      host(
        ["payments.shop.svc.cluster.local", "payments.shop.svc.cluster.local:80"],
        [forward("eighty", {})],
      ),
      host(["payments.shop.svc.cluster.local:9090"], [forward("ninety", {})]),
      host(["*.example.com"], [forward("short-wildcard", {})]),
      host(["*.api.example.com"], [forward("long-wildcard", {})]),
      host(["v1.api.example.com"], [forward("exact", {})]),
    ],
    shop,
  );
  test.each([
    ["payments", "eighty"],
    ["payments:80", "eighty"],
    ["payments:9090", "ninety"],
    ["payments.shop:9090", "ninety"],
    ["payments.shop.svc:9090", "ninety"],
    ["payments.shop.svc.cluster.local:9090", "ninety"],
    ["payments.shop.svc.cluster.local.:9090", "ninety"],
    ["payments.:9090", "unknown-host"],
    ["payments:9999", "unknown-host"],
    ["a.example.com", "short-wildcard"],
    ["a.api.example.com", "long-wildcard"],
    ["v1.api.example.com", "exact"],
    ["example.com", "unknown-host"],
    ["evilexample.com", "unknown-host"],
  ])("of %s is that of %s", (authority, expected) => {
    expect(nameOf(planRequest(hosts, facts({ authority }), half))).toBe(expected);
  });

  test("is the one of * when no other claims the authority", () => {
    const any = table([
      host(["*"], [forward("any", {})]),
      host(["payments"], [forward("exact", {})]),
    ]);
    expect(nameOf(planRequest(any, facts({ authority: "x:1" }), half))).toBe("any");
    expect(nameOf(planRequest(any, facts({ authority: "payments" }), half))).toBe("exact");
  });
});

describe("the first matching route wins", () => {
  const canary: HeaderMatch = {
    name: "x-canary",
    match: { kind: "exact", value: "true" },
    invert: false,
  };
  const routes = [
    forward("canary", { headers: [canary] }),
    forward("regex", { path: { kind: "regex", value: "/v[0-9]+/.*" } }),
    forward("exact", { path: { kind: "exact", value: "/charge" } }),
    forward("folded", { path: { kind: "exact", value: "/Refund", ignoreCase: true } }),
    forward("prefix", { path: { kind: "prefix", value: "/char" } }),
    forward("query", { query: [{ name: "debug", match: { kind: "present" } }] }),
    forward("post", {
      headers: [{ name: ":method", match: { kind: "exact", value: "POST" }, invert: false }],
    }),
    forward("not", { headers: [{ name: "x-no", match: { kind: "present" }, invert: true }] }),
    forward("rest", {}),
  ];
  const routed = table([host(["payments"], routes)]);
  test.each([
    ["canary", { path: "/charge", headers: { "x-canary": "true" } }],
    ["exact", { path: "/charge", headers: { "x-canary": "false" } }],
    ["regex", { path: "/v1/charge" }],
    ["not", { path: "/x/v1/charge" }],
    ["folded", { path: "/reFUND" }],
    ["prefix", { path: "/chart" }],
    ["query", { query: "a=1&debug", headers: { "x-no": "" } }],
    ["not", { query: "a=debug&debugger=1" }],
    ["post", { method: "POST", headers: { "x-no": "1" } }],
    ["rest", { headers: { "x-no": "1" } }],
  ])("%s", (expected, given) => {
    expect(nameOf(planRequest(routed, facts(given), half))).toBe(expected);
  });

  test("with tables exactly as with a loop over the rules", () => {
    const path = fc.stringMatching(/^\/[abA/]{0,4}$/);
    const rule = fc.record({
      kind: fc.constantFrom("exact" as const, "prefix" as const),
      value: path,
      ignoreCase: fc.boolean(),
      guarded: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 30 }), path, fc.boolean(), (rules, asked, tagged) => {
        const headers = [{ name: "x", match: { kind: "present" as const }, invert: false }];
        const many = rules.map(({ guarded, ...match }, i) =>
          forward(String(i), { path: match, headers: guarded ? headers : [] }),
        );
        const matches = rules.findIndex(({ kind, value, ignoreCase, guarded }) => {
          const [path, given] = ignoreCase
            ? [value.toLowerCase(), asked.toLowerCase()]
            : [value, asked];
          const isMatch = kind === "exact" ? given === path : given.startsWith(path);
          return isMatch && (!guarded || tagged);
        });
        const given = facts({ path: asked, headers: tagged ? { x: "1" } : {} });
        const plan = planRequest(table([host(["payments"], many)]), given, half);
        expect(nameOf(plan)).toBe(matches === -1 ? "no-route" : String(matches));
      }),
    );
  });

  test("at a cost that does not grow with the number of routes", () => {
    const costOf = (count: number): number => {
      const many = Array.from({ length: count }, (_, i) => [
        forward(`e${i}`, { path: { kind: "exact", value: `/exact/${i}` } }),
        forward(`p${i}`, { path: { kind: "prefix", value: `/prefix/${i}/` } }),
      ]).flat();
      const large = table([host(["payments"], many)]);
      const asked = [facts({ path: "/exact/7" }), facts({ path: "/prefix/9/x" })];
      const run = (): number => {
        const start = performance.now();
        for (let i = 0; i < 20_000; i++) for (const one of asked) planRequest(large, one, half);
        return performance.now() - start;
      };
      run();
      return Math.min(run(), run(), run());
    };
    expect(costOf(10_000)).toBeLessThan(10 * costOf(10)); // a loop over the rules would be 1,000 times slower
  });
});

test("the route that takes everything takes OPTIONS * too", () => {
  const routed = table([host(["payments"], [forward("rest", {})])]);
  expect(nameOf(planRequest(routed, facts({ method: "OPTIONS", path: "*" }), half))).toBe("rest");
});

test("weights divide requests, and a weight of 0 gets none", () => {
  const clusters = [0, 90, 10].map((weight, i) => ({
    cluster: `c${i}`,
    weight,
    requestHeaders: noHeaderEdits,
    responseHeaders: noHeaderEdits,
  }));
  const split = table([
    host(["payments"], [forward("s", {}, { action: { kind: "forward", clusters } })]),
  ]);
  const counts = new Map<string, number>();
  for (let i = 0; i < 1000; i++) {
    const plan = planRequest(split, facts({}), () => i / 1000);
    if (plan.kind === "forward") counts.set(plan.cluster, (counts.get(plan.cluster) ?? 0) + 1);
  }
  expect([...counts]).toEqual([
    ["c1", 900],
    ["c2", 100],
  ]);
});

describe("a rewrite", () => {
  const rewrite = (
    path: Route["match"]["path"],
    to: NonNullable<Extract<Route["action"], { kind: "forward" }>["rewrite"]>["path"],
    asked: string,
  ) => {
    const route = forward("r", { path });
    if (route.action.kind !== "forward") throw new Error("unreachable");
    const action = { ...route.action, rewrite: { ...(to === undefined ? {} : { path: to }) } };
    const plan = planRequest(
      table([host(["payments"], [{ ...route, action }])]),
      facts({ path: asked }),
      half,
    );
    return plan.kind === "forward" ? plan.rewritePath?.(asked) : plan.kind;
  };
  test("of a prefix replaces the prefix alone", () => {
    const prefix = { kind: "prefix", value: "/v1" } as const;
    expect(rewrite(prefix, { kind: "prefix", value: "/v2" }, "/v1/charge")).toBe("/v2/charge");
    expect(rewrite(prefix, { kind: "prefix", value: "/" }, "/v1/charge")).toBe("/charge");
    expect(rewrite(prefix, { kind: "prefix", value: "/" }, "/v1")).toBe("/");
  });
  test("of an exact path replaces it whole", () => {
    expect(rewrite({ kind: "exact", value: "/a" }, { kind: "prefix", value: "/b" }, "/a")).toBe(
      "/b",
    );
  });
  test("of a pattern fills in its groups", () => {
    const regex = {
      kind: "regex",
      pattern: "/svc/([^/]+)/(.*)",
      substitution: "/\\2/of/\\1",
    } as const;
    expect(rewrite({ kind: "prefix", value: "/" }, regex, "/svc/pay/charge")).toBe(
      "/charge/of/pay",
    );
  });
});

describe("a redirect", () => {
  const location = (
    action: Omit<Extract<Route["action"], { kind: "redirect" }>, "kind" | "status">,
    given: Partial<RequestFacts>,
  ) => {
    const route = forward("r", {}, { action: { kind: "redirect", status: 301, ...action } });
    const plan = planRequest(table([host(["*"], [route])]), facts(given), half);
    return plan.kind === "redirect" ? plan.locationOf(facts(given)) : plan.kind;
  };
  test.each([
    [{ scheme: "https" }, { authority: "a:80", path: "/x", query: "q=1" }, "https://a/x?q=1"],
    [{ authority: "b" }, { authority: "a:8080", path: "/x" }, "http://b/x"],
    [{ port: 8443 }, { authority: "a:80", path: "/x" }, "http://a:8443/x"],
    [
      { port: "from-request" as const, authority: "b" },
      { authority: "a:81", path: "/" },
      "http://b:81/",
    ],
    [
      { path: { kind: "path" as const, value: "/y" } },
      { authority: "a", path: "/x" },
      "http://a/y",
    ],
    [
      { path: { kind: "prefix" as const, value: "/y/" } },
      { authority: "a", path: "/x" },
      "http://a/y/x",
    ],
  ])("%j of %j leads to %s", (action, given, expected) => {
    expect(location(action, given)).toBe(expected);
  });
});
