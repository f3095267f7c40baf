// Many proxies of many workloads, all of them callers of one service with two versions.

import { freePort } from "../../test/support/free-port.ts";
import { fillMesh } from "../arms/fill-mesh.ts";
import {
  applyYaml,
  type Mesh,
  type MeshWorkload,
  NAMESPACE,
  openMesh,
  startWorkload,
} from "../arms/mesh.ts";
import { startBackend } from "../backend/start-backend.ts";
import type { Lab } from "../lab/lab.ts";
import { untilServes } from "../lab/wait.ts";

export const versions = ["v1", "v2"] as const;
export type Version = (typeof versions)[number];

export interface Fleet {
  readonly mesh: Mesh;
  /** Loopback port of each proxy, on which the service answers with its version. */
  readonly ports: readonly number[];
  /** Gives all of the traffic to one version; resolves at the API's answer. Throws when it is refused. */
  shiftTo(version: Version): Promise<void>;
}

const host = "target.example";
const rulePath = `/apis/networking.istio.io/v1/namespaces/${NAMESPACE}/virtualservices/target`;

export interface FleetSize {
  readonly proxies: number;
  /** Others in the mesh, which nobody calls. */
  readonly services: number;
}

/** Throws when any proxy does not come up. */
export async function openFleet(lab: Lab, { proxies, services }: FleetSize): Promise<Fleet> {
  const backends = [];
  for (const version of versions)
    backends.push(
      await startBackend(lab, { name: `backend-${version}`, core: "any", body: version }),
    );
  const mesh = await openMesh(lab, { controlPlane: "any", proxies: "any" });
  await fillMesh(mesh, services);
  await applyYaml(mesh, "target", targetYaml(backends.map(({ port }) => port)));
  const ports: number[] = [];
  const workloads: MeshWorkload[] = [];
  for (let index = 0; index < proxies; index++) {
    const port = await freePort();
    const flags = ["--upstream", `${host}:80=${port}`];
    workloads.push(startWorkload(mesh, { name: `caller-${index}`, flags }));
    ports.push(port);
  }
  const watched = [mesh.controlPlane, ...workloads.map(({ process }) => process)];
  const deadlineMs = 30_000 + proxies * 2_000;
  for (const port of ports) await untilServes({ lab, watched, deadlineMs }, { port, bodyBytes: 2 });
  return { mesh, ports, shiftTo: (version) => shift(mesh, version) };
}

async function shift({ api }: Mesh, version: Version): Promise<void> {
  await api.request("PATCH", rulePath, {
    contentType: "application/merge-patch+json",
    body: JSON.stringify({ spec: { http: [{ route: weightedRoute(version) }] } }),
  });
}

const weightedRoute = (all: Version) =>
  versions.map((subset) => ({
    destination: { host, subset, port: { number: 80 } },
    weight: subset === all ? 100 : 0,
  }));

/** JSON is YAML: four documents. */
function targetYaml(backendPorts: readonly number[]): string {
  const metadata = { name: "target", namespace: NAMESPACE };
  const endpoints = versions.map((version, index) => ({
    address: "127.0.0.1",
    ports: { http: backendPorts[index] },
    labels: { version },
  }));
  const ports = [{ number: 80, name: "http", protocol: "HTTP" }];
  const entry = {
    hosts: [host],
    location: "MESH_EXTERNAL",
    resolution: "STATIC",
    ports,
    endpoints,
  };
  const subsets = versions.map((version) => ({ name: version, labels: { version } }));
  const object = (kind: string, spec: unknown) =>
    JSON.stringify({ apiVersion: "networking.istio.io/v1", kind, metadata, spec });
  return [
    object("ServiceEntry", entry),
    object("DestinationRule", { host, subsets }),
    object("VirtualService", { hosts: [host], http: [{ route: weightedRoute("v1") }] }),
  ].join("\n---\n");
}
