import { describe, expect, test } from "bun:test";
import { parse } from "yaml";
import { kindKey } from "../kind.ts";
import { findKind, splitApiVersion } from "../kinds.ts";
import type { Resource } from "../resource.ts";
import { analyse } from "./analyse.ts";
import type { Lister } from "./lister.ts";

const groups: Readonly<Record<string, string>> = {
  VirtualService: "networking.istio.io/v1",
  DestinationRule: "networking.istio.io/v1",
  ServiceEntry: "networking.istio.io/v1",
  WorkloadEntry: "networking.istio.io/v1",
  PeerAuthentication: "security.istio.io/v1",
  AuthorizationPolicy: "security.istio.io/v1",
  TrafficSplit: "split.smi-spec.io/v1alpha2",
  MeshConfig: "weft.dev/v1",
};

/** `VirtualService shop/payments {hosts: [payments]}`; the part in braces is the spec. `at` is the day of creation. */
function object(text: string, at?: number): Resource {
  const [kind = "", place = "", ...spec] = text.split(" ");
  const [namespace, name] = place.includes("/") ? place.split("/") : [undefined, place];
  const createdAt = at === undefined ? {} : { creationTimestamp: `2026-01-0${at}T00:00:00Z` };
  const metadata = { name: name ?? "", ...(namespace ? { namespace } : {}), ...createdAt };
  return { apiVersion: groups[kind] ?? "v1", kind, metadata, spec: parse(spec.join(" ") || "{}") };
}

function world(...objects: readonly Resource[]): Lister {
  const of = (key: string): readonly Resource[] =>
    objects.filter(({ apiVersion, kind }) => {
      const found = findKind(splitApiVersion(apiVersion).group, kind);
      return found && kindKey(found) === key;
    });
  return {
    list: (key, namespace) =>
      of(key).filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace),
    get: (key, namespace, name) =>
      of(key).find(
        ({ metadata }) => metadata.name === name && (metadata.namespace ?? "") === namespace,
      ),
  };
}

const service = object("Service shop/payments {ports: [{port: 80}], selector: {app: payments}}");
const to = "http: [{route: [{destination: {host: payments}}]}]";

describe("a host that two objects claim", () => {
  const first = object(`VirtualService shop/first {hosts: [payments], ${to}}`, 1);

  test("is refused to the later one, naming the first", () => {
    const later = object(
      `VirtualService shop/later {hosts: [a, payments.shop.svc.cluster.local], ${to}}`,
    );
    const [issue, ...others] = analyse(later, world(service, first)).issues;
    expect(others).toEqual([]);
    expect(issue).toMatchObject({ path: "spec.hosts[1]", code: "conflict" });
    expect(issue?.message).toStartWith(
      "VirtualService shop/first already has the rules for payments.shop.svc",
    );
  });

  test("stays with the oldest when both are stored", () => {
    const later = object(`VirtualService shop/later {hosts: [payments], ${to}}`, 2);
    const both = world(service, first, later);
    expect(analyse(first, both).issues).toEqual([]);
    expect(analyse(later, both).issues).toHaveLength(1);
  });

  test("is no conflict where nobody sees both", () => {
    const own = object(
      `VirtualService web/own {hosts: [payments.shop.svc.cluster.local], exportTo: ["."], ${to}}`,
      1,
    );
    const other = object(`VirtualService shop/other {hosts: [payments], exportTo: ["."], ${to}}`);
    expect(analyse(other, world(service, own)).issues).toEqual([]);
  });

  test("is no conflict with itself, nor with a wider wildcard", () => {
    const wide = object(`VirtualService shop/wide {hosts: ["*.shop.svc.cluster.local"], ${to}}`, 1);
    expect(analyse(first, world(service, first, wide)).issues).toEqual([]);
  });

  test("may be claimed by a TrafficSplit as well", () => {
    const split = object(
      "TrafficSplit shop/split {service: payments, backends: [{service: payments, weight: 1}]}",
      1,
    );
    const rules = object(`VirtualService shop/rules {hosts: [payments], ${to}}`);
    expect(analyse(rules, world(service, split)).issues).toHaveLength(1);
    expect(
      analyse({ ...split, metadata: { name: "b", namespace: "shop" } }, world(service, first))
        .issues,
    ).toMatchObject([{ path: "spec.service", code: "conflict" }]);
  });
});

describe("what is missing warns", () => {
  const warnings = (text: string, ...others: readonly Resource[]) =>
    analyse(object(text), world(service, ...others)).warnings;

  test("of a VirtualService: host, port, subset, namespaces", () => {
    const spec =
      '{hosts: [payments], exportTo: [web, "."], http: [{match: [{sourceNamespace: dev}], route: [{destination: {host: ledger, port: {number: 1}}, weight: 1}, {destination: {host: payments, subset: v3, port: {number: 81}}}]}]}';
    const found = warnings(`VirtualService shop/a ${spec}`);
    expect(found.map((warning) => warning.split(":")[0])).toEqual([
      "spec.exportTo[0]",
      "spec.http[0].match[0].sourceNamespace",
      "spec.http[0].route[0].destination.host",
      "spec.http[0].route[1].destination.port",
      "spec.http[0].route[1].destination.subset",
    ]);
    expect(found[3]).toContain("has no port 81 (it has 80)");
  });

  test("is silent once everything is there", () => {
    const rule = object(
      "DestinationRule shop/a {host: payments, subsets: [{name: v3, labels: {version: v3}}]}",
    );
    const spec =
      "{hosts: [payments], http: [{route: [{destination: {host: payments, subset: v3, port: {number: 80}}}]}]}";
    expect(warnings(`VirtualService shop/a ${spec}`, rule)).toEqual([]);
    expect(
      warnings(
        "VirtualService shop/b {hosts: [api.example.org], http: [{route: [{destination: {host: api.example.org}}]}]}",
        object(
          "ServiceEntry web/api {hosts: ['*.example.org'], ports: [{number: 80, name: http, protocol: HTTP}]}",
        ),
      ),
    ).toEqual([]);
  });

  test("of a DestinationRule: host, port, labels of a subset", () => {
    expect(warnings("DestinationRule shop/a {host: ledger}")).toHaveLength(1);
    const entry = object(
      "WorkloadEntry shop/p1 {address: '::1', labels: {app: payments, version: v1}}",
    );
    const spec =
      "{host: payments, trafficPolicy: {portLevelSettings: [{port: {number: 81}, tls: {mode: DISABLE}}]}, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}";
    expect(
      warnings(`DestinationRule shop/a ${spec}`, entry).map((warning) => warning.split(":")[0]),
    ).toEqual(["spec.trafficPolicy.portLevelSettings[0].port", "spec.subsets[1] (v2)"]);
  });

  test("of policies: workloads, namespaces, accounts, trust domain", () => {
    expect(warnings("PeerAuthentication shop/a {selector: {matchLabels: {app: x}}}")).toHaveLength(
      1,
    );
    const spec =
      "{selector: {matchLabels: {app: x}}, rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web, other/ns/a/sa/b, web], namespaces: [dev]}}, {source: {serviceAccounts: [cart]}}]}]}";
    const policy = object(`AuthorizationPolicy shop/a ${spec}`);
    const account = object("ServiceAccount shop/web");
    const found = analyse(policy, world(account), { trustDomain: "weft.example" }).warnings;
    expect(found).toEqual([
      "spec.selector: no workload of namespace shop has the labels app=x yet",
      "spec.rules[0].from[0].source.principals[1]: other is not the trust domain of this mesh, which is weft.example",
      'spec.rules[0].from[0].source.principals[2] never matches: identities have the form <trust domain>/ns/<namespace>/sa/<account>, and this is "web"',
      "spec.rules[0].from[0].source.namespaces[0]: there is no namespace dev yet",
      "spec.rules[0].from[1].source.serviceAccounts[0]: there is no service account cart in namespace shop yet",
    ]);
  });

  test("of a TrafficSplit, a ServiceEntry and a WorkloadEntry", () => {
    expect(
      warnings("TrafficSplit shop/a {service: root, backends: [{service: payments, weight: 1}]}"),
    ).toHaveLength(1);
    expect(warnings("WorkloadEntry shop/a {address: '::1', serviceAccount: nobody}")).toHaveLength(
      1,
    );
    expect(
      warnings(
        "ServiceEntry shop/a {hosts: [a.b], ports: [], resolution: STATIC, workloadSelector: {labels: {a: b}}}",
      ),
    ).toHaveLength(1);
  });
});

test("what an older rule of the same place makes ineffective is said", () => {
  const older = object(
    "DestinationRule shop/older {host: payments, trafficPolicy: {tls: {mode: DISABLE}}, subsets: [{name: v1}]}",
    1,
  );
  const rule = object(
    "DestinationRule shop/rule {host: payments, trafficPolicy: {tls: {mode: DISABLE}}, subsets: [{name: v1}]}",
    2,
  );
  expect(
    analyse(rule, world(older, rule)).warnings.filter((each) => each.includes("does nothing")),
  ).toHaveLength(2);
  expect(
    analyse(older, world(older, rule)).warnings.filter((each) => each.includes("does nothing")),
  ).toEqual([]);
  const first = object("PeerAuthentication shop/first {}", 1);
  const second = object("PeerAuthentication shop/second {}", 2);
  expect(analyse(second, world(first, second)).warnings).toHaveLength(1);
  expect(analyse(first, world(first, second)).warnings).toEqual([]);
});

test("another trust domain than the CA's is refused", () => {
  const config = object("MeshConfig default {trustDomain: new.example}");
  expect(analyse(config, world(), { trustDomain: "cluster.local" }).issues).toMatchObject([
    { path: "spec.trustDomain", code: "invalid" },
  ]);
  expect(analyse(config, world(), { trustDomain: "new.example" }).issues).toEqual([]);
});
