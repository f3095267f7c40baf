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
      { name: "http-8080", port: 8080, protocol: "TCP", targetPort: "http" },
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
