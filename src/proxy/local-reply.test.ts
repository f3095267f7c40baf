import { expect, test } from "bun:test";
import { failureReply } from "./local-reply.ts";

const maker = { by: "web-1/outbound", recordId: "r1-7" };
const failure = { code: "circuit-open", message: "payments: 1 of 1 connections is busy" } as const;

test("an answer of the proxy names its maker, cause and record, and says what to do next", () => {
  const reply = failureReply(failure, maker, "*/*");
  expect(reply.status).toBe(503);
  expect(reply.fields).toContainEqual(["weft-error", "circuit-open; by=web-1/outbound; id=r1-7"]);
  expect(reply.fields).toContainEqual(["x-envoy-overloaded", "true"]);
  expect(reply.body).toStartWith("payments: 1 of 1 connections is busy\n");
  expect(reply.body).toContain("Next: ");
});

test("a caller that accepts JSON gets JSON", () => {
  const { body } = failureReply(failure, maker, "application/json");
  expect(JSON.parse(String(body))).toMatchObject({ error: "circuit-open", id: "r1-7" });
});
