import { expect, test } from "bun:test";
import { emptyWorld, objectKey, withChanges } from "#compiler/world.ts";
import type { Resource } from "#resources/resource.ts";
import { meshedWorkloads } from "./meshed-workloads.ts";

const service = (name: string, spec: object): Resource => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "shop" },
  spec: { ports: [{ port: 80 }], ...spec },
});
const workload = (
  name: string,
  labels: Record<string, string>,
  annotations: Record<string, string> = {},
): Resource => ({
  apiVersion: "networking.istio.io/v1",
  kind: "WorkloadEntry",
  metadata: { name, namespace: "shop", labels, annotations },
  spec: { address: "127.0.0.1", ports: { http: 8080 } },
});
const withProxy = { "weft.dev/inbound": '{"8080":"127.0.0.1:15006"}' };

const world = withChanges(
  emptyWorld({ trustDomain: "cluster.local", roots: [] }),
  Object.entries({
    services: [
      service("web", { selector: { app: "web" } }),
      service("old", {}),
      service("nobody", { selector: { app: "nobody" } }),
    ],
    "workloadentries.networking.istio.io": [
      workload("web-1", { app: "web", version: "v1" }, withProxy),
      workload("web-2", { app: "web", version: "v2" }, withProxy),
      workload("web-3", { app: "web", version: "v2" }),
      workload("web-4", { app: "web", "security.istio.io/tlsMode": "istio" }),
      workload("other", { app: "other" }, withProxy),
    ],
    "serviceentries.networking.istio.io": [
      {
        apiVersion: "networking.istio.io/v1",
        kind: "ServiceEntry",
        metadata: { name: "bank", namespace: "shop" },
        spec: {
          ...{ hosts: ["bank.example"], resolution: "STATIC" },
          ports: [{ number: 443, name: "tls", protocol: "TLS" }],
          endpoints: [{ address: "10.0.0.1" }, { address: "10.0.0.2" }],
        },
      },
    ],
    endpoints: [
      {
        apiVersion: "v1",
        kind: "Endpoints",
        metadata: { name: "old", namespace: "shop" },
        subsets: [{ addresses: [{ ip: "10.0.0.3" }, { ip: "10.0.0.4" }], ports: [{ port: 80 }] }],
      },
    ],
  }).flatMap(([kind, objects]) =>
    objects.map((object: Resource) => ({ kind, key: objectKey(object), object })),
  ),
);

test.each([
  ["web", "unknown", { meshed: 3, workloads: 4 }],
  ["web", "v1", { meshed: 1, workloads: 1 }],
  ["web", "v2", { meshed: 1, workloads: 2 }],
  ["bank.example", "unknown", { meshed: 0, workloads: 2 }],
  ["old", "unknown", { meshed: 0, workloads: 2 }],
  ["nobody", "unknown", undefined],
  ["not-there", "unknown", undefined],
])("%s, version %s: those in the mesh, and all", (name, version, expected) => {
  const meshed = meshedWorkloads(world)({ namespace: "shop", service: name, version });
  expect(meshed).toEqual(expected);
});
