import { describe, expect, test } from "bun:test";
import { parse } from "yaml";
import { issuesOf, problemsOf, resourceOf } from "../../../test/support/read-resource.ts";
import { virtualServiceKind } from "./kind.ts";

const route = [{ destination: { host: "reviews" } }];

const problems = (spec: object): readonly string[] => problemsOf(virtualServiceKind, { spec });
const withRule = (rule: object): readonly string[] =>
  problems({ hosts: ["reviews"], http: [rule] });
const withMatch = (match: object): readonly string[] => withRule({ match: [match], route });

const rule = "spec.http[0]";

describe("the document as a whole", () => {
  test("needs hosts and rules", () => {
    expect(problems({})).toEqual(["spec.hosts: required"]);
    expect(problems({ hosts: ["a"] })).toEqual(["spec: required"]);
    expect(problems({ hosts: [], http: [], tls: [], tcp: [] })).toEqual([
      "spec.hosts: out-of-range",
      "spec.http: out-of-range",
      "spec.tls: out-of-range",
      "spec.tcp: out-of-range",
    ]);
  });

  test("gives every error at once", () => {
    const spec = parse(`
      hosts: [payments, payments.shop.svc.cluster.local]
      http:
        - mtach: []
          retries: {attempts: many}
          route:
            - destination: {host: payments}
            - destination: {host: payments}
              weight: "10"
      tcp: []
    `);
    expect(problems(spec)).toEqual([
      "spec.http[0].mtach: unknown-field",
      "spec.http[0].route[1].weight: invalid-type",
      "spec.http[0].retries.attempts: invalid-type",
      "spec.tcp: out-of-range",
    ]);
  });

  test("says what would be right", () => {
    const messages = issuesOf(virtualServiceKind, {
      spec: {
        hosts: ["a"],
        http: [{ route, retires: {}, timeout: 5, mirrors: [], fault: {}, time_out: "1s" }],
      },
    }).map(({ path, message }) => `${path}: ${message}`);
    expect(messages).toEqual([
      'spec.http[0].retires: unknown field "retires"; did you mean "retries"?',
      "spec.http[0].mirrors: not supported by this version of Weft; remove it (requests are not mirrored yet)",
      "spec.http[0].fault: not supported by this version of Weft; remove it (faults are not injected yet)",
      'spec.http[0].time_out: unknown field "time_out"; did you mean "timeout"?',
      'spec.http[0].timeout: expected a text, got 5; write "5" in quotes',
    ]);
  });

  test.each([
    [["*"], "spec.hosts[0]: invalid"],
    [["a", "A"], "spec.hosts[1]: duplicate"],
    [["a", "a.shop.svc.cluster.local"], "spec.hosts[1]: duplicate"],
    [["http://a"], "spec.hosts[0]: invalid"],
    [["a:80"], "spec.hosts[0]: invalid"],
    [["a.*.b"], "spec.hosts[0]: invalid"],
  ])("refuses the hosts %j", (hosts, problem) => {
    expect(problems({ hosts, http: [{ route }] })).toEqual([problem]);
  });

  test.each([
    [{ gateways: ["mesh", "ingress"] }, "spec.gateways[1]: unsupported-value"],
    [{ exportTo: ["*", "shop"] }, "spec.exportTo: invalid"],
    [{ exportTo: ["shop", "shop"] }, "spec.exportTo[1]: duplicate"],
    [{ exportTo: ["Shop"] }, "spec.exportTo[0]: invalid"],
  ])("refuses %j", (more, problem) => {
    expect(problems({ hosts: ["a"], http: [{ route }], ...more })).toEqual([problem]);
  });
});

describe("a rule", () => {
  test.each([
    [{}, `${rule}: invalid`],
    [{ route, redirect: { uri: "/a" } }, `${rule}: invalid`],
    [{ directResponse: { status: 600 } }, `${rule}.directResponse.status: out-of-range`],
    [{ directResponse: { status: 200 }, timeout: "1s" }, `${rule}.timeout: invalid`],
    [{ redirect: { uri: "/a" }, rewrite: { uri: "/b" } }, `${rule}.rewrite: invalid`],
    [{ redirect: {} }, `${rule}.redirect: invalid`],
    [
      { match: [{ uri: { prefix: "/" } }], redirect: { uri: "/a", prefixRewrite: "/b" } },
      `${rule}.redirect: invalid`,
    ],
    [{ redirect: { uri: "/a b" } }, `${rule}.redirect.uri: invalid`],
    [{ redirect: { uri: "/a", redirectCode: 305 } }, `${rule}.redirect.redirectCode: invalid`],
    [{ redirect: { uri: "/a", redirectCode: "301" } }, `${rule}.redirect.redirectCode: invalid`],
    [
      { redirect: { uri: "/", port: 80, derivePort: "FROM_REQUEST_PORT" } },
      `${rule}.redirect: invalid`,
    ],
    [{ route: [] }, `${rule}.route: required`],
    [{ route, rewrite: {} }, `${rule}.rewrite: invalid`],
    [{ route, rewrite: { uri: "b" } }, `${rule}.rewrite.uri: invalid`],
    [{ route, rewrite: { authority: "a\r\nb" } }, `${rule}.rewrite.authority: invalid`],
    [
      { route, rewrite: { uriRegexRewrite: { match: "(a", rewrite: "b" } } },
      `${rule}.rewrite.uriRegexRewrite.match: invalid`,
    ],
    [
      { route, rewrite: { uriRegexRewrite: { match: "(a)", rewrite: "\\2" } } },
      `${rule}.rewrite.uriRegexRewrite.rewrite: invalid`,
    ],
    [{ route, timeout: "-1s" }, `${rule}.timeout: invalid`],
    [{ route, timeout: "1.0001s" }, `${rule}.timeout: invalid`],
    [{ route, retries: {} }, `${rule}.retries.attempts: required`],
    [{ route, retries: { attempts: 0, retryOn: "5xx" } }, `${rule}.retries.attempts: invalid`],
    [{ route, retries: { attempts: 1, retryOn: "5xxx" } }, `${rule}.retries.retryOn: invalid`],
    [{ route, retries: { attempts: 1, retryOn: "999" } }, `${rule}.retries.retryOn: invalid`],
    [
      { route, retries: { attempts: 1, retryOn: "retriable-headers" } },
      `${rule}.retries.retryOn: unsupported-value`,
    ],
    [
      { route, retries: { attempts: 1, perTryTimeout: "0s" } },
      `${rule}.retries.perTryTimeout: invalid`,
    ],
    [
      { route, headers: { request: { add: { host: "a" } } } },
      `${rule}.headers.request.add.host: invalid`,
    ],
    [
      { route, headers: { request: { set: { "Content-Length": "1" } } } },
      `${rule}.headers.request.set[Content-Length]: invalid`,
    ],
    [
      { route, headers: { response: { remove: [":status"] } } },
      `${rule}.headers.response.remove[0]: invalid`,
    ],
    [
      { route, headers: { response: { set: { a: "x\ny" } } } },
      `${rule}.headers.response.set.a: invalid`,
    ],
    [
      { route, headers: { response: { set: { a: "%START_TIME%" } } } },
      `${rule}.headers.response.set.a: unsupported-value`,
    ],
  ])("is refused with %j", (written, problem) => {
    expect(withRule(written)).toEqual([problem]);
  });

  test("needs weights above 0 where destinations share", () => {
    const share = (weight?: number) => ({
      destination: { host: "a" },
      ...(weight === undefined ? {} : { weight }),
    });
    expect(withRule({ route: [share(0), share(0)] })).toEqual([`${rule}.route: invalid`]);
    expect(withRule({ route: [share(), share()] })).toEqual([`${rule}.route: invalid`]);
    expect(withRule({ route: [share(-1)] })).toEqual([`${rule}.route[0].weight: out-of-range`]);
    expect(withRule({ route: [share(0)] })).toEqual([]);
  });

  test("replaces a prefix only where every match has one", () => {
    const redirect = { prefixRewrite: "/b" };
    const prefix = { uri: { prefix: "/a" } };
    expect(withRule({ match: [prefix], redirect })).toEqual([]);
    expect(withRule({ match: [prefix, { uri: { exact: "/a" } }], redirect })).toEqual([
      `${rule}.redirect.prefixRewrite: invalid`,
    ]);
  });
});

describe("a match", () => {
  const at = `${rule}.match[0]`;

  test.each([
    [{ uri: {} }, `${at}.uri: invalid`],
    [{ uri: { exact: "/", prefix: "/" } }, `${at}.uri: invalid`],
    [{ uri: { prefix: "" } }, `${at}.uri.prefix: invalid`],
    [{ uri: { regex: "*" } }, `${at}.uri.regex: invalid`],
    [{ uri: { regex: "" } }, `${at}.uri.regex: invalid`],
    [{ uri: { regex: "(?=a)" } }, `${at}.uri.regex: invalid`],
    [{ uri: { regex: "a".repeat(1025) } }, `${at}.uri.regex: out-of-range`],
    [{ uri: { regex: "/a" }, ignoreUriCase: true }, `${at}.ignoreUriCase: invalid`],
    [{ headers: { uri: { exact: "/" } } }, `${at}.headers.uri: invalid`],
    [{ headers: { "a b": {} } }, `${at}.headers[a b]: invalid`],
    [
      { headers: { "@request.auth.claims.a": {} } },
      `${at}.headers[@request.auth.claims.a]: unsupported-value`,
    ],
    [{ sourceLabels: { app: "*" } }, `${at}.sourceLabels.app: invalid`],
    [{ gateways: ["mesh"] }, `${at}.gateways: unsupported-field`],
    [{ port: 0 }, `${at}.port: out-of-range`],
  ])("is refused with %j", (match, problem) => {
    expect(withMatch(match)).toEqual([problem]);
  });

  test("may ask for presence of headers and parameters", () => {
    expect(
      withMatch({ headers: { a: {} }, withoutHeaders: { b: {} }, queryParams: { c: {} } }),
    ).toEqual([]);
  });

  test("with a condition that says nothing (null) is as if it were not written", () => {
    expect(withRule({ match: null, route })).toEqual([]);
  });
});

describe("warnings", () => {
  const warningsOf = (yaml: string): readonly string[] =>
    virtualServiceKind.warnings?.(
      resourceOf(
        `{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: a}, spec: ${yaml}}`,
      ),
    ) ?? [];
  const to = "route: [{destination: {host: a}}]";

  test("name rules that never apply", () => {
    expect(
      warningsOf(`{hosts: [a], http: [{${to}}, {match: [{uri: {exact: /a}}], ${to}}]}`),
    ).toEqual(["spec.http[1] never applies: spec.http[0] before it matches every request"]);
    expect(
      warningsOf(
        `{hosts: [a], http: [{match: [{method: {exact: GET}, port: 80}], ${to}}, {match: [{port: 80, method: {exact: GET}}], ${to}}]}`,
      ),
    ).toEqual([
      "spec.http[1].match[0] never applies: spec.http[0].match[0] has the same conditions",
    ]);
  });

  test("name paths that no request has", () => {
    expect(
      warningsOf(
        `{hosts: [a], http: [{match: [{uri: {exact: a}}, {uri: {prefix: /a?b}}], ${to}}]}`,
      ),
    ).toEqual([
      'spec.http[0].match[0].uri never matches: paths begin with /, and this is "a"',
      "spec.http[0].match[1].uri never matches: it is compared without the query; use queryParams",
    ]);
  });

  test("name destinations without a weight beside others that have one", () => {
    expect(
      warningsOf(
        "{hosts: [a], http: [{route: [{destination: {host: a}, weight: 1}, {destination: {host: b}}]}]}",
      ),
    ).toEqual(["spec.http[0].route[1] gets no requests: it has no weight, and the others have"]);
  });

  test("are silent about a plain canary", async () => {
    const canary = resourceOf(
      await Bun.file("src/resources/virtual-service/golden/canary.yaml").text(),
    );
    expect(virtualServiceKind.warnings?.(canary)).toEqual([]);
  });
});

describe("a rule for connections", () => {
  const withTcp = (rule: object) => problems({ hosts: ["db"], tcp: [rule] });
  const withTls = (match: object, hosts = ["db", "*.example.com"]) =>
    problems({ hosts, tls: [{ match: [match], route }] });

  test.each([
    [{ route }, []],
    [{}, ["spec.tcp[0].route: required"]],
    [{ route: [...route, ...route] }, ["spec.tcp[0].route: invalid"]],
    [
      { route: [{ destination: { host: "*.a" } }] },
      ["spec.tcp[0].route[0].destination.host: invalid"],
    ],
    [{ match: [{ port: 5432, sourceLabels: { a: "b" } }], route }, []],
    [{ match: [{ port: 0 }], route }, ["spec.tcp[0].match[0].port: out-of-range"]],
    [
      { match: [{ destinationSubnets: ["10.0.0.0/33", "db"] }], route },
      [
        "spec.tcp[0].match[0].destinationSubnets[0]: invalid",
        "spec.tcp[0].match[0].destinationSubnets[1]: invalid",
      ],
    ],
    [{ match: [{ sniHosts: ["db"] }], route }, ["spec.tcp[0].match[0].sniHosts: unknown-field"]],
    [
      { match: [{ gateways: ["mesh"] }], route },
      ["spec.tcp[0].match[0].gateways: unsupported-field"],
    ],
    [
      { match: [{ sourceNamespace: "No" }], route },
      ["spec.tcp[0].match[0].sourceNamespace: invalid"],
    ],
  ])("%j has the problems %j", (rule, expected) => {
    expect(withTcp(rule)).toEqual(expected);
  });

  test.each([
    [{ sniHosts: ["db", "DB.shop.svc.cluster.local", "a.example.com", "*.b.example.com"] }, []],
    [{}, ["spec.tls[0].match[0].sniHosts: required"]],
    [{ sniHosts: [] }, ["spec.tls[0].match[0].sniHosts: out-of-range"]],
    [{ sniHosts: ["other.org"] }, ["spec.tls[0].match[0].sniHosts[0]: invalid"]],
    [{ sniHosts: ["*.com"] }, ["spec.tls[0].match[0].sniHosts[0]: invalid"]],
    [{ sniHosts: ["a b"] }, ["spec.tls[0].match[0].sniHosts[0]: invalid"]],
  ])("for TLS with %j has the problems %j", (match, expected) => {
    expect(withTls(match)).toEqual(expected);
  });

  test("for TLS names what it is for", () => {
    expect(problems({ hosts: ["db"], tls: [{ route }] })).toEqual(["spec.tls[0].match: required"]);
  });
});
