import { expect, test } from "bun:test";
import { grpcFailureReply, grpcMessage, grpcStatusOf, isGrpcContent } from "./grpc-reply.ts";

const maker = { by: "web-1/outbound", recordId: "r1-7" };

test("a gRPC caller gets a gRPC status in headers, and no body", () => {
  const failure = { code: "circuit-open", message: "payments: 100 % of 1 place is taken" } as const;
  expect(grpcFailureReply(failure, maker)).toEqual({
    status: 200,
    fields: [
      ["content-type", "application/grpc"],
      ["grpc-status", "14"],
      ["grpc-message", "payments: 100 %25 of 1 place is taken"],
      ["weft-error", "circuit-open; by=web-1/outbound; id=r1-7"],
      ["x-envoy-overloaded", "true"],
    ],
    body: "",
  });
});

test("a denial by policy is PERMISSION_DENIED", () => {
  const { fields } = grpcFailureReply({ code: "denied-by-policy", message: "no" }, maker);
  expect(fields).toContainEqual(["grpc-status", "7"]);
});

test.each([
  [400, "13"],
  [401, "16"],
  [403, "7"],
  [404, "12"],
  [408, "2"],
  [429, "14"],
  [500, "2"],
  [502, "14"],
  [503, "14"],
  [504, "4"],
])("HTTP status %p is gRPC status %p", (status, expected) => {
  expect(grpcStatusOf(status)).toBe(expected);
});

test.each([
  ["plain ~", "plain ~"],
  ["ä\n", "%C3%A4%0A"],
  ["100%", "100%25"],
])("the message %j travels as %j", (text, expected) => {
  expect(grpcMessage(text)).toBe(expected);
  expect(decodeURIComponent(expected)).toBe(text);
});

test.each([
  ["application/grpc", true],
  ["application/grpc+proto", true],
  ["application/grpc; charset=utf-8", true],
  ["application/grpc-web", false],
  ["application/json", false],
  [undefined, false],
])("the content type %p is gRPC: %p", (type, expected) => {
  expect(isGrpcContent(type)).toBe(expected);
});
