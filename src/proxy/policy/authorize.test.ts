import { describe, expect, test } from "bun:test";
import type { Authorization, Condition, Policy } from "#config/authorization.ts";
import type { StringMatch } from "#config/string-match.ts";
import {
  authorize,
  compileAuthorization,
  compileConnectionAuthorization,
  explainDenial,
} from "./authorize.ts";
import type { PolicyFacts } from "./policy-facts.ts";

const web = "cluster.local/ns/shop/sa/web";

function facts(
  given: Partial<PolicyFacts> & { headers?: Record<string, string> } = {},
): PolicyFacts {
  const { headers = {}, ...rest } = given;
  return {
    method: "POST",
    scheme: "http",
    authority: "payments.shop",
    path: "/charge",
    query: "",
    header: (name) => headers[name],
    principal: web,
    namespace: "shop",
    destinationPort: 8080,
    sourceIp: "10.1.2.3",
    ...rest,
  };
}

const exact = (value: string): StringMatch => ({ kind: "exact", value });
const all = (...of: Condition[]): Condition => ({ kind: "all", of });
function policy(name: string, when: Condition): Policy {
  const origin = {
    kind: "AuthorizationPolicy",
    namespace: "shop",
    name,
    generation: 1,
    rule: "spec.rules[0]",
  };
  return { name: `ns[shop]-policy[${name}]-rule[0]`, origin, when };
}

const charge = policy(
  "payments-charge",
  all(
    { kind: "principal", match: exact(web) },
    { kind: "method", match: exact("POST") },
    { kind: "path", match: exact("/charge") },
  ),
);
const report = policy(
  "payments-report",
  all({ kind: "principal", match: exact("x") }, { kind: "path", match: exact("/report") }),
);

function verdict(authorization: Authorization, given: PolicyFacts): string {
  const rules = compileAuthorization(authorization);
  const denied = authorize(rules, given);
  return denied === undefined ? "allowed" : explainDenial(rules, given, denied, "payments");
}

describe("an ALLOW policy", () => {
  test("lets through what one of its rules matches", () => {
    expect(verdict({ deny: [], allow: [report, charge] }, facts())).toBe("allowed");
  });

  test("refuses the rest, and says which rule was closest and what differed", () => {
    const denied = verdict(
      { deny: [], allow: [report, charge] },
      facts({ principal: "cluster.local/ns/shop/sa/load" }),
    );
    expect(denied).toBe(
      "denied: no ALLOW rule matches spiffe://cluster.local/ns/shop/sa/load -> POST /charge on payments (2 rules checked; closest: payments-charge, principal mismatch)",
    );
    expect(verdict({ deny: [], allow: [charge] }, facts({ method: "GET" }))).toEndWith(
      "closest: payments-charge, method mismatch)",
    );
  });

  test("without rules refuses everything", () => {
    expect(verdict({ deny: [], allow: [] }, facts())).toEndWith("on payments (0 rules checked)");
  });

  test("never matches a caller without identity by principal, whatever the pattern", () => {
    const any = policy("any", { kind: "principal", match: { kind: "present" } });
    expect(verdict({ deny: [], allow: [any] }, facts())).toBe("allowed");
    expect(
      verdict({ deny: [], allow: [any] }, facts({ principal: undefined, namespace: undefined })),
    ).toContain("an unauthenticated caller");
  });
});

describe("a DENY policy", () => {
  const admin = policy("no-admin", { kind: "path", match: { kind: "prefix", value: "/admin" } });

  test("wins over ALLOW and is named", () => {
    const everything = policy("all", { kind: "always" });
    expect(verdict({ deny: [admin], allow: [everything] }, facts({ path: "/admin/x" }))).toBe(
      `denied: DENY rule no-admin matches spiffe://${web} -> POST /admin/x on payments`,
    );
    expect(verdict({ deny: [admin], allow: [everything] }, facts())).toBe("allowed");
  });

  test("puts Istio's name of the rule into the response code details", () => {
    const denied = authorize(compileAuthorization({ deny: [admin] }), facts({ path: "/admin" }));
    expect(denied?.details).toBe(
      "rbac_access_denied_matched_policy[ns[shop]-policy[no-admin]-rule[0]]",
    );
    expect(authorize(compileAuthorization({ deny: [], allow: [] }), facts())?.details).toBe(
      "rbac_access_denied_matched_policy[none]",
    );
  });
});

describe("a condition", () => {
  const holds = (when: Condition, given: PolicyFacts): boolean =>
    authorize(compileAuthorization({ deny: [], allow: [policy("p", when)] }), given) === undefined;

  test("takes dots and stars literally", () => {
    expect(holds({ kind: "host", match: exact("a.b") }, facts({ authority: "axb" }))).toBe(false);
    expect(holds({ kind: "path", match: exact("/*") }, facts({ path: "/x" }))).toBe(false);
    expect(
      holds(
        { kind: "path", match: { kind: "template", value: "/v1.0/{*}/x" } },
        facts({ path: "/v1a0/k/x" }),
      ),
    ).toBe(false);
  });
  test("of a template has one segment for {*} and any rest for {**}", () => {
    const template = (value: string, path: string) =>
      holds({ kind: "path", match: { kind: "template", value } }, facts({ path }));
    expect(template("/a/{*}/c", "/a/b/c")).toBe(true);
    expect(template("/a/{*}/c", "/a/b/b/c")).toBe(false);
    expect(template("/a/{*}", "/a/")).toBe(false);
    expect(template("/a/{**}", "/a/b/c")).toBe(true);
  });
  test("of a host ignores case", () => {
    expect(holds({ kind: "host", match: { kind: "suffix", value: ".SHOP" } }, facts())).toBe(true);
  });
  test("of a header sees several lines joined and is inverted by not", () => {
    const tier: Condition = {
      kind: "header",
      header: { name: "x-tier", match: exact("gold,free"), invert: false },
    };
    expect(holds(tier, facts({ headers: { "x-tier": "gold,free" } }))).toBe(true);
    expect(holds({ kind: "not", of: tier }, facts({ headers: { "x-tier": "gold" } }))).toBe(true);
  });
  test.each([
    ["10.1.0.0/16", "10.1.255.9", true],
    ["10.1.0.0/16", "10.2.0.1", false],
    ["10.1.2.3", "::ffff:10.1.2.3", true],
    ["0.0.0.0/0", "1.2.3.4", true],
    ["fd00::/8", "fd12::1", true],
    ["fd00::/8", "fe80::1", false],
    ["10.0.0.0/8", "fd12::1", false],
  ])("of %s holds for %s: %s", (cidr, sourceIp, expected) => {
    expect(holds({ kind: "source-ip", cidr }, facts({ sourceIp }))).toBe(expected);
  });
  test("of a source that is no address is refused when it is compiled", () => {
    expect(() =>
      compileAuthorization({ deny: [policy("p", { kind: "source-ip", cidr: "10.0.0.0/33" })] }),
    ).toThrow(RangeError);
  });
});

describe("for a connection whose content is not HTTP", () => {
  const asked = facts({ method: "", path: "" });
  test("an ALLOW rule that asks for HTTP never matches", () => {
    expect(
      authorize(compileConnectionAuthorization({ deny: [], allow: [charge] }), asked),
    ).toBeDefined();
    const not = policy(
      "n",
      all(
        { kind: "principal", match: exact(web) },
        { kind: "not", of: { kind: "method", match: exact("GET") } },
      ),
    );
    expect(
      authorize(compileConnectionAuthorization({ deny: [], allow: [not] }), asked),
    ).toBeDefined();
  });
  test("a DENY rule loses the question and so denies more", () => {
    expect(authorize(compileConnectionAuthorization({ deny: [charge] }), asked)).toBeDefined();
    expect(authorize(compileConnectionAuthorization({ deny: [report] }), asked)).toBeUndefined();
  });
});
