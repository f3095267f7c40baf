import { expect, test } from "bun:test";
import { Verdicts } from "./verdicts.ts";

test("a destination at which only servers began need not be looked at", () => {
  const verdict = new Verdicts().of("db:3306");
  expect(verdict.isServerFirst).toBe(false);
  verdict.see("server-first");
  expect(verdict.isServerFirst).toBe(true);
  verdict.see("http1");
  expect(verdict.isServerFirst).toBe(false);
  expect(verdict.spoken).toEqual(["server-first", "http1"]);
});

test("a destination of nothing but requests is not opened ahead", () => {
  const verdict = new Verdicts().of("web:80");
  expect(verdict.isOnlyRequests).toBe(false);
  verdict.see("http1");
  verdict.see("http2");
  expect(verdict.isOnlyRequests).toBe(true);
  verdict.see("server-first");
  expect(verdict.isOnlyRequests).toBe(false);
  verdict.forget();
  expect([verdict.isServerFirst, verdict.isOnlyRequests]).toEqual([false, false]);
});

test("the destinations that were used last are remembered, and shown where something was seen", () => {
  const verdicts = new Verdicts(2);
  verdicts.of("a").see("http1");
  verdicts.of("b").see("tls");
  verdicts.of("a");
  verdicts.of("c");
  expect(verdicts.lines()).toEqual([{ destination: "a", spoken: ["http1"] }]);
  expect(verdicts.of("b").spoken).toEqual([]);
});
