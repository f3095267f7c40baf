import { expect, test } from "bun:test";
import { ProxyError } from "./proxy-error.ts";
import { proxyFailures } from "./proxy-failures.ts";

test("every code is words, has an error status, and says what happened and what to do next", () => {
  for (const [code, facts] of Object.entries(proxyFailures)) {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(facts.status).toBeGreaterThanOrEqual(400);
    expect(facts.flag).toMatch(/^(-|[A-Z]+)$/);
    expect(facts.summary).toMatch(/\.$/);
    expect(facts.next).toMatch(/[.?]$/);
  }
});

test("only what never reached an application is retried whatever the request", () => {
  const always = Object.entries(proxyFailures)
    .filter(([, facts]) => facts.retry === "always")
    .map(([code]) => code);
  expect(always.every((code) => code.startsWith("upstream-"))).toBe(true);
});

test("an error knows the facts of its code", () => {
  expect(new ProxyError("circuit-open", "32 of 32 connections are busy").facts.flag).toBe("UO");
});
