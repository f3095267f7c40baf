import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ApiError } from "../errors/api-error.ts";
import { readProtobuf } from "./read-protobuf.ts";
import { WireWriter } from "./wire-writer.ts";

const message = () => new WireWriter();

function envelope(apiVersion: string, kind: string, raw: WireWriter): Uint8Array {
  const type = message().text(1, apiVersion).text(2, kind);
  return Buffer.concat([Buffer.from("k8s\0"), message().message(1, type).message(2, raw).finish()]);
}

describe("a protobuf body", () => {
  test("says what its JSON would", () => {
    const labels = message().text(1, "app").text(2, "web");
    const meta = message().text(1, "web").text(3, "shop").message(11, labels);
    const named = message().whole(1, 1).text(3, "http");
    const port = message().text(1, "http").whole(3, 80).message(4, named);
    const spec = message().message(1, port).text(4, "ClusterIP").flag(20, true);
    const body = envelope(
      "v1",
      "Service",
      message().message(1, meta).message(2, spec).message(3, message()),
    );
    expect(readProtobuf(body)).toEqual({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web", namespace: "shop", labels: { app: "web" } },
      spec: {
        ports: [{ name: "http", port: 80, targetPort: "http" }],
        type: "ClusterIP",
        allocateLoadBalancerNodePorts: true,
      },
    });
  });

  test("carries bytes as base64", () => {
    const data = message().text(1, "key").text(2, "value");
    const secret = message().message(2, data).text(3, "Opaque");
    expect(readProtobuf(envelope("v1", "Secret", secret))).toMatchObject({
      data: { key: "dmFsdWU=" },
      type: "Opaque",
    });
  });

  test("with a field or of a kind that is not known is refused by name", () => {
    const strange = envelope("v1", "ServiceAccount", message().text(99, "x"));
    expect(() => readProtobuf(strange)).toThrow("field 99 in ServiceAccount");
    expect(() => readProtobuf(envelope("apps/v1", "Deployment", message()))).toThrow(
      "is a Deployment of apps/v1, which only JSON can carry here",
    );
  });

  test("of any bytes at all gives an object or a bad request", () => {
    const kinds = fc.constantFrom("Service", "Secret", "DeleteOptions", "Namespace");
    fc.assert(
      fc.property(kinds, fc.uint8Array({ maxLength: 60 }), fc.boolean(), (kind, bytes, wrapped) => {
        const type = message().text(1, "v1").text(2, kind);
        const raw = Buffer.from(bytes).toString("latin1");
        const body = wrapped ? message().message(1, type).text(2, raw).finish() : bytes;
        try {
          readProtobuf(Buffer.concat([Buffer.from("k8s\0"), body]));
        } catch (error) {
          expect(error).toBeInstanceOf(ApiError);
        }
      }),
      { numRuns: 2000, seed: 11 },
    );
  });
});
