import { describe, expect, test } from "bun:test";
import { problemsOf } from "../../../test/support/read-resource.ts";
import { serviceKind } from "./kind.ts";

const problems = (spec: object): readonly string[] => problemsOf(serviceKind, { spec });
const port = { name: "http", port: 80 };

const service = (spec: object, status?: object) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "a", namespace: "shop" },
  spec,
  ...(status ? { status } : {}),
});

test.each([
  [{}, ["spec.ports: required"]],
  [{ clusterIP: "None" }, []],
  [{ clusterIP: "nowhere", ports: [port] }, ["spec.clusterIP: invalid"]],
  [{ type: "ExternalName" }, ["spec.externalName: required"]],
  [{ type: "ExternalName", externalName: "a b" }, ["spec.externalName: invalid"]],
  [{ type: "Balancer", ports: [port] }, ["spec.type: invalid"]],
  [{ ports: [port, { port: 81 }] }, ["spec.ports[1].name: required"]],
  [{ ports: [port, { name: "http", port: 81 }] }, ["spec.ports[1].name: duplicate"]],
  [{ ports: [port, { name: "b", port: 80 }] }, ["spec.ports[1].port: duplicate"]],
  [{ ports: [port, { name: "b", port: 80, protocol: "UDP" }] }, []],
  [{ ports: [{ port: 80, targetPort: 70_000 }] }, ["spec.ports[0].targetPort: invalid"]],
  [
    { ports: [{ port: 80, targetPort: "a-very-long-port-name" }] },
    ["spec.ports[0].targetPort: invalid"],
  ],
  [{ ports: [{ port: 80, targetPort: "8080" }] }, ["spec.ports[0].targetPort: invalid"]],
  [{ ports: [{ port: 0 }] }, ["spec.ports[0].port: out-of-range"]],
  [{ ports: [{ ...port, nodePort: 30_000 }] }, ["spec.ports[0].nodePort: invalid"]],
  [{ ports: [port], selector: { "a b": "c" } }, ["spec.selector[a b]: invalid"]],
  [{ ports: [port], sessionAffinityConfig: {} }, ["spec.sessionAffinityConfig: invalid"]],
])("%j has the problems %j", (spec, expected) => {
  expect(problems(spec)).toEqual(expected);
});

test("a name begins with a letter", () => {
  expect(problemsOf(serviceKind, { metadata: { name: "1a" }, spec: { ports: [port] } })).toEqual([
    "metadata.name: invalid",
  ]);
});

describe("defaults", () => {
  test("are those of a cluster", () => {
    expect(serviceKind.applyDefaults?.(service({ ports: [{ port: 80 }] })).spec).toEqual({
      type: "ClusterIP",
      sessionAffinity: "None",
      internalTrafficPolicy: "Cluster",
      ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
    });
    expect(
      serviceKind.applyDefaults?.(
        service({ type: "LoadBalancer", sessionAffinity: "ClientIP", ports: [] }),
      ).spec,
    ).toEqual({
      type: "LoadBalancer",
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
      internalTrafficPolicy: "Cluster",
      externalTrafficPolicy: "Cluster",
      allocateLoadBalancerNodePorts: true,
      ports: [],
    });
  });

  test("leave what is written, and give an ExternalName no policy", () => {
    const spec = { type: "ExternalName", externalName: "a.example" };
    expect(serviceKind.applyDefaults?.(service(spec)).spec).toEqual({
      ...spec,
      sessionAffinity: "None",
    });
    const ports = [{ port: 80, protocol: "UDP", targetPort: "http" }];
    expect(serviceKind.applyDefaults?.(service({ ports })).spec).toMatchObject({ ports });
  });
});

test("columns show what kubectl shows", () => {
  const row = (object: ReturnType<typeof service>) =>
    serviceKind.columns.map((column) => column.value(object));
  const spec = {
    type: "NodePort",
    ports: [{ port: 80, nodePort: 30080, protocol: "TCP" }],
    selector: { app: "a" },
  };
  expect(row(service(spec))).toEqual(["NodePort", "<none>", "<none>", "80:30080/TCP", "app=a"]);
  const balanced = { loadBalancer: { ingress: [{ ip: "192.0.2.1" }, { hostname: "lb.example" }] } };
  expect(row(service({ type: "LoadBalancer", clusterIP: "10.0.0.1" }, balanced))).toEqual([
    "LoadBalancer",
    "10.0.0.1",
    "192.0.2.1,lb.example",
    "<none>",
    "<none>",
  ]);
  expect(row(service({ type: "LoadBalancer" }))[2]).toBe("<pending>");
});
