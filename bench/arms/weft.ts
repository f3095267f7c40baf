// Weft as it is meant to be run: control plane, `weft run`, routes and policies from YAML, metrics, trace headers, access log.
import { freePort } from "../../test/support/free-port.ts";
import { envoyProgram } from "../lab/envoy-program.ts";
import { readAppEnvironment } from "./app-environment.ts";
import { type Arm, type ArmName, type ArmOptions, originHead } from "./arm.ts";
import { fillMesh } from "./fill-mesh.ts";
import { applyYaml, type Mesh, type MeshWorkload, NAMESPACE, startWorkload } from "./mesh.ts";
import type { Setup, Target } from "./setup.ts";
import { weftInnerListener } from "./weft-inner-listener.ts";
import {
  type Callers,
  callersPolicy,
  externalBackend,
  manyHosts,
  routesFor,
  routeTable,
  tcpCallersPolicy,
  tcpService,
  withoutMultiplexing,
} from "./weft-yaml.ts";

/** Arms whose proxies Weft's control plane configures. */
export const weftArmNames = ["weft", "weft-http1", "envoy-xds"] as const;
export type WeftArmName = (typeof weftArmNames)[number];

export const isWeftArm = (name: ArmName): name is WeftArmName =>
  weftArmNames.some((each) => each === name);

/** What an opened setup adds to what every Weft arm has. */
interface Opened {
  readonly workloads: readonly MeshWorkload[];
  readonly port?: number;
  readonly inner?: Arm["inner"];
  readonly head?: (target: Target) => string;
}

/** The processes run; whether they serve is for the caller to see. Throws when the mesh refuses its configuration. */
export async function weftArm(name: WeftArmName, mesh: Mesh, options: ArmOptions): Promise<Arm> {
  const { setup } = options;
  const port = await freePort();
  // Several arms share a mesh: each has workloads and hosts of its own.
  const key = name === "weft" ? options.key : `${options.key}-${name}`;
  const open = { ...options, name, key, port };
  const { workloads, inner, ...opened } = await openSetup(mesh, open);
  return {
    ...{ name, setup, port, ...opened },
    ...(inner === undefined ? {} : { inner }),
    proxies: () => workloads.map((workload) => workload.proxyPid()),
    supervisors: () => workloads.flatMap((workload) => workload.supervisorPids()),
    logs: workloads.map(({ instance }) => instance),
    watched: [mesh.controlPlane, ...workloads.map(({ process }) => process)],
  };
}

interface OpenOptions extends ArmOptions {
  readonly name: WeftArmName;
  readonly port: number;
}

function openSetup(mesh: Mesh, options: OpenOptions): Promise<Opened> {
  const { setup } = options;
  switch (setup.kind) {
    case "one-hop":
    case "grpc":
    case "routes":
      return oneHop(mesh, setup, options);
    case "hosts":
      return hosts(mesh, setup.count, options);
    case "tcp":
      return tcp(mesh, options);
    case "services":
      return fillMesh(mesh, setup.count).then(() => pair(mesh, options));
    case "pair":
      return pair(mesh, options);
  }
}

/** The caller's own proxy calls a service outside the mesh, in plaintext. */
async function oneHop(
  mesh: Mesh,
  setup: Setup & { readonly kind: "one-hop" | "grpc" | "routes" },
  { key, name, backend, port }: OpenOptions,
): Promise<Opened> {
  const host = `${key}.example`;
  const protocol = setup.kind === "grpc" ? "GRPC" : "HTTP";
  // The table first needs a host that exists.
  await applyYaml(
    mesh,
    `${key}-host`,
    externalBackend({ name: key, hosts: [host], port: backend.port, protocol }),
  );
  const routes = setup.kind === "routes" ? routeTable(host, setup) : routesFor(host);
  await applyYaml(mesh, key, routes);
  const flags = ["--upstream", `${host}:80=${port}`];
  return { workloads: [startWorkload(mesh, { name: `edge-${key}`, flags, ...engineOf(name) })] };
}

/** Through the HTTP proxy that an application's environment names: a port of `--upstream` is for one host only. */
async function hosts(
  mesh: Mesh,
  count: number,
  { key, name, backend, port, lab }: OpenOptions,
): Promise<Opened> {
  const hosts = manyHosts(count);
  await applyYaml(
    mesh,
    key,
    externalBackend({ name: key, hosts, port: backend.port, protocol: "HTTP" }),
  );
  const [first = ""] = hosts;
  // The port is of no use to the load; asking there tells when the configuration has come.
  const flags = ["--upstream", `${first}:80=${port}`];
  const workload = startWorkload(mesh, { name: `edge-${key}`, flags, ...engineOf(name) });
  const proxy = await readAppEnvironment(lab, workload.process);
  const credentials = Buffer.from(`${proxy.username}:${proxy.password}`).toString("base64");
  const head = ({ host, path }: Target): string =>
    originHead(
      { host, path: `http://${host}${path}` },
      { "Proxy-Authorization": `Basic ${credentials}` },
    );
  return { workloads: [workload], port: Number(proxy.port), head };
}

/** Caller → its proxy → mutual TLS → the server's proxy → the backend. */
async function pair(mesh: Mesh, { key, name, backend, port }: OpenOptions): Promise<Opened> {
  const names = { server: `server-${key}`, client: `client-${key}` };
  const yaml = callersPolicy(names) + routesFor(names.server);
  const pinned = name === "weft-http1" ? withoutMultiplexing(names.server) : "";
  await applyYaml(mesh, key, yaml + pinned);
  const workloads = startPair(mesh, names, { name, backendPort: backend.port, port });
  if (name === "envoy-xds") return { workloads }; // its agent keeps keys to itself
  const inner = await weftInnerListener(mesh, names, { backendPort: backend.port, workloads });
  return { workloads, inner };
}

/** The same at layer 4. */
async function tcp(mesh: Mesh, { key, name, backend, port }: OpenOptions): Promise<Opened> {
  const names = { server: `server-${key}`, client: `client-${key}` };
  const yaml = tcpService(names.server, backend.port) + tcpCallersPolicy(names);
  await applyYaml(mesh, key, yaml);
  return { workloads: startPair(mesh, names, { name, backendPort: backend.port, port }) };
}

interface PairOptions {
  readonly name: WeftArmName;
  readonly backendPort: number;
  /** Where the client's side takes requests. */
  readonly port: number;
}

function startPair(
  mesh: Mesh,
  names: Callers,
  { name, backendPort, port }: PairOptions,
): readonly MeshWorkload[] {
  const server = ["--port", `80:${backendPort}`];
  const upstream = ["--upstream", `${names.server}.${NAMESPACE}:80=${port}`];
  return [
    startWorkload(mesh, { name: names.server, flags: server, ...engineOf(name) }),
    startWorkload(mesh, { name: names.client, flags: upstream, ...engineOf(name) }),
  ];
}

const engineOf = (name: WeftArmName) => (name === "envoy-xds" ? { envoy: envoyProgram() } : {});
