import { expect, test } from "bun:test";
import type { VirtualHost } from "#config/route.ts";
import { hostDomains } from "./host-domains.ts";

const search = ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"];
const host = (...domains: readonly string[]): VirtualHost => ({
  name: domains[0] ?? "",
  domains,
  routes: [],
  origins: {},
});
const sorted = (domains: readonly string[] | undefined) => [...(domains ?? [])].sort();

test("a host is found under every name that a search domain completes to it", () => {
  const payments = host("payments.shop.svc.cluster.local:9090");
  expect(sorted(hostDomains([payments], search).get(payments))).toEqual([
    "payments.shop.svc.cluster.local:9090",
    "payments.shop.svc:9090",
    "payments.shop:9090",
    "payments:9090",
  ]);
});

test("a name without a port means port 80", () => {
  const web = host("web.shop.svc.cluster.local");
  const domains = hostDomains([web], search).get(web);
  expect(domains).toContain("web");
  expect(domains).toContain("web:80");
});

test("a name that two hosts could have belongs to the one that has it in full, else to the nearest", () => {
  const own = host("db.shop.svc.cluster.local:80");
  const other = host("db.shop.cluster.local:80");
  const written = host("db:80");
  const two = hostDomains([other, own], search);
  expect(two.get(own)).toContain("db");
  expect(two.get(own)).not.toContain("db.shop.cluster.local");
  const three = hostDomains([other, own, written], search);
  expect(three.get(written)).toEqual(expect.arrayContaining(["db", "db:80"]));
  expect(three.get(own)).not.toContain("db");
});

test("no domain is given twice", () => {
  const hosts = [host("a.shop.svc.cluster.local"), host("a.shop"), host("A.SHOP.svc"), host("*")];
  const all = [...hostDomains(hosts, search).values()].flat();
  expect(new Set(all).size).toBe(all.length);
});
