import { describe, expect, test } from "bun:test";
import { contentOf, protocolOfPort } from "./app-protocol.ts";

describe("what is spoken on a port", () => {
  test.each([
    ["http", "http"],
    ["http-metrics", "http"],
    ["HTTP2-api", "http2"],
    ["grpc", "grpc"],
    ["grpc-payments", "grpc"],
    ["grpc-web", "grpc-web"],
    ["grpc-web-front", "grpc-web"],
    ["https-console", "https"],
    ["tls", "tls"],
    ["tcp-db", "tcp"],
    ["mysql", "mysql"],
    ["mongo-main", "mongo"],
    ["redis", "redis"],
    ["", "unknown"],
    ["metrics", "unknown"],
    ["httpx", "unknown"],
    ["web-http", "unknown"],
  ] as const)("is told by the name %j: %s", (name, expected) => {
    expect(protocolOfPort({ number: 8080, name })).toBe(expected);
  });

  test.each([
    ["kubernetes.io/h2c", "http2"],
    ["kubernetes.io/ws", "http"],
    ["kubernetes.io/wss", "https"],
    ["tcp", "tcp"],
    ["GRPC", "grpc"],
    ["example.com/own", "unknown"],
  ] as const)("is told by appProtocol %j whatever the name: %s", (appProtocol, expected) => {
    expect(protocolOfPort({ number: 8080, name: "http", appProtocol })).toBe(expected);
  });

  test("is told by the number where nobody says anything and servers are known to speak first", () => {
    for (const number of [25, 53, 3306, 27017])
      expect(protocolOfPort({ number, name: "main" })).toBe("tcp");
    expect(protocolOfPort({ number: 3306, name: "http-admin" })).toBe("http");
  });
});

test("each protocol is served in one of four ways", () => {
  expect((["http", "grpc", "https", "mysql", "unknown"] as const).map(contentOf)).toEqual([
    "http",
    "http",
    "tls",
    "tcp",
    "detect",
  ]);
});
