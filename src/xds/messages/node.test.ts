import { describe, expect, test } from "bun:test";
import type { Workload } from "#config/workload.ts";
import { Node } from "./generated/envoy/config/core/v3/base.ts";
import { fromNode, type NodeClaims, toNode } from "./node.ts";

const workload: Workload = {
  namespace: "shop",
  name: "web-1",
  app: "web",
  serviceAccount: "web",
  labels: { app: "web", version: "v1" },
  inbound: [
    { workloadPort: 8080, address: { host: "10.0.0.1", port: 20_001 } },
    { workloadPort: 9090, address: { host: "10.0.0.1", port: 20_002 }, servicePort: 80 },
    { workloadPort: 5432, address: { host: "10.0.0.1", port: 20_003 }, protocol: "tcp" },
  ],
  outbound: [
    { kind: "http-proxy", address: { host: "127.0.0.1", port: 15_080 } },
    {
      kind: "upstream",
      address: { host: "127.0.0.1", port: 19_090 },
      host: "payments",
      port: 9090,
    },
  ],
  admin: { host: "127.0.0.1", port: 15_000 },
  version: "0.1.0",
};
const claims: NodeClaims = {
  id: "sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local",
  namespace: "shop",
  serviceAccount: "web",
  workload,
  features: ["dev.weft.vhds"],
};
const overTheWire = (node: Node) => fromNode(Node.decode(Node.encode(node).finish()));

test("a workload is the same after a trip in node metadata", () => {
  expect(overTheWire(toNode(claims))).toStrictEqual(claims);
});

test("a node of another kind of client says only what Istio's keys say", () => {
  const metadata = { NAMESPACE: "shop", SERVICE_ACCOUNT: "web", OWNER: "kubernetes://x" };
  expect(overTheWire(Node.fromPartial({ id: "envoy", metadata }))).toStrictEqual({
    id: "envoy",
    namespace: "shop",
    serviceAccount: "web",
    features: [],
  });
});

describe("a node is refused, naming the field,", () => {
  const refused = (metadata: object, weft: object) =>
    expect(() =>
      overTheWire(
        Node.fromPartial({
          id: "n",
          metadata: { ...toNode(claims).metadata, ...metadata, WEFT: weft },
        }),
      ),
    );
  const good: Record<string, unknown> = toNode(claims).metadata?.WEFT ?? {};

  test("when a port is none", () => {
    const inbound = [{ workloadPort: 0, address: { host: "a", port: 1 } }];
    refused({}, { ...good, inbound }).toThrow(
      "node.metadata.WEFT.inbound[0].workloadPort must be a port from 1 to 65535",
    );
  });

  test("when a label is not text", () => {
    refused({ LABELS: { app: 3 } }, good).toThrow("node.metadata.LABELS.app must be a string");
  });

  test("when an outbound port is of no known kind", () => {
    const outbound = [{ kind: "socks", address: { host: "a", port: 1 } }];
    refused({}, { ...good, outbound }).toThrow("WEFT.outbound[0].kind");
  });

  test("when it has too many ports", () => {
    refused({}, { ...good, inbound: Array(1_001).fill(null) }).toThrow("a list of at most 1000");
  });

  test("when it is huge", () => {
    refused({ LABELS: { app: "x".repeat(70_000) } }, good).toThrow("at most 65536 are read");
    expect(() => overTheWire(Node.fromPartial({ id: "x".repeat(1_025) }))).toThrow("node.id");
  });
});
