import { describe, expect, test } from "bun:test";
import {
  completeHost,
  hostMatches,
  isDnsSubdomain,
  isHostPattern,
  narrowerFirst,
  serviceOfHost,
} from "./names.ts";

test.each([
  ["reviews", "reviews.shop.svc.cluster.local"],
  ["Reviews", "reviews.shop.svc.cluster.local"],
  ["reviews.web", "reviews.web"],
  ["API.example.org.", "api.example.org"],
  ["*", "*"],
  ["*.local", "*.local"],
])("%s in namespace shop means %s", (host, full) => {
  expect(completeHost(host, "shop")).toBe(full);
});

test.each([
  ["a", "a", true],
  ["*", "a", true],
  ["*.a", "b.a", true],
  ["*.a", "c.b.a", true],
  ["*.a", "a", false],
  ["*.a", ".a", false],
  ["*.a", "*.b.a", true],
  ["*.b.a", "*.a", false],
  ["*.a", "*", false],
  ["a", "*.a", false],
])("%s covers %s: %p", (pattern, host, covers) => {
  expect(hostMatches(pattern, host)).toBe(covers);
});

test("narrower patterns come first", () => {
  const sorted = ["*", "*.a", "*.b.a", "x.a"].sort(narrowerFirst);
  expect(sorted).toEqual(["x.a", "*.b.a", "*.a", "*"]);
});

test("a full name of a service is told from other names", () => {
  expect(serviceOfHost("a.b.svc.cluster.local")).toEqual({ name: "a", namespace: "b" });
  expect(serviceOfHost("x.a.b.svc.cluster.local")).toBeUndefined();
  expect(serviceOfHost("a.example.org")).toBeUndefined();
});

describe("forms", () => {
  test.each([
    ["a", true],
    ["a-b.c", true],
    ["A", false],
    ["-a", false],
    ["a..b", false],
    ["a".repeat(64), false],
    ["", false],
  ])("%p as a DNS name: %p", (name, right) => {
    expect(isDnsSubdomain(name)).toBe(right);
  });

  test.each([
    ["*", true],
    ["*.a.b", true],
    ["A.b.", true],
    ["a*", false],
    ["a.*", false],
    ["**.a", false],
    ["a/b", false],
  ])("%p as a host of a rule: %p", (host, right) => {
    expect(isHostPattern(host)).toBe(right);
  });
});
