import { expect, test } from "bun:test";
import type { InboundPort, Workload } from "#config/workload.ts";
import { withPortsOf, workloadEntry, workloadService } from "./workload-objects.ts";

const address = { host: "127.0.0.1", port: 40_001 };

const workload = (...inbound: readonly InboundPort[]): Workload => ({
  namespace: "shop",
  name: "web-1",
  app: "web",
  serviceAccount: "web",
  labels: { app: "web" },
  inbound,
  outbound: [],
  admin: { host: "127.0.0.1", port: 40_000 },
  version: "0.0.0",
});

test("a port without a service port answers at 80 and at its own number", () => {
  expect(workloadService(workload({ workloadPort: 8080, address }))?.spec).toEqual({
    selector: { app: "web" },
    ports: [
      { name: "http", port: 80, protocol: "TCP", targetPort: "http" },
      { name: "port-8080", port: 8080, protocol: "TCP", targetPort: "http" },
    ],
  });
});

test("a port says what is spoken on it by its name; what is not requests does not answer at 80", () => {
  const inbound = [
    { workloadPort: 5432, address, protocol: "tcp" },
    { workloadPort: 50_051, address, protocol: "grpc" },
    { workloadPort: 6380, servicePort: 6379, address, protocol: "redis" },
  ];
  expect(workloadService(workload(...inbound))?.spec).toMatchObject({
    ports: [
      { name: "tcp-5432", port: 5432, targetPort: "http-5432" },
      { name: "grpc-80", port: 80, targetPort: "http" },
      { name: "grpc-50051", port: 50_051, targetPort: "http" },
      { name: "redis-6379", port: 6379, targetPort: "http-6379" },
    ],
  });
});

test("instances on different ports are reached by one port name", () => {
  const entry = workloadEntry(workload({ workloadPort: 8081, servicePort: 9090, address }));
  expect(entry.spec).toMatchObject({ ports: { "http-9090": 8081 }, serviceAccount: "web" });
  expect(entry.metadata.annotations).toEqual({ "weft.dev/inbound": '{"8081":"127.0.0.1:40001"}' });
});

test("a workload that only calls has no service", () => {
  expect(workloadService(workload())).toBeUndefined();
});

test("a service of ours grows by the ports of a later instance, anybody else's does not", () => {
  const first = workloadService(workload({ workloadPort: 8080, servicePort: 80, address }));
  if (!first) throw new Error("no service");
  const later = workload({ workloadPort: 8080, servicePort: 9090, address });
  expect(withPortsOf(first, later)?.spec).toMatchObject({ ports: [{ port: 80 }, { port: 9090 }] });
  expect(
    withPortsOf({ ...first, metadata: { ...first.metadata, labels: {} } }, later),
  ).toBeUndefined();
  expect(
    withPortsOf(first, workload({ workloadPort: 8081, servicePort: 80, address })),
  ).toBeUndefined();
});
