// The objects that stand for a workload that has joined: what a person would write by hand for a VM in Istio.
import type { InboundPort, Workload } from "#config/workload.ts";
import { type AppProtocol, contentOf, readProtocol } from "#resources/app-protocol.ts";
import type { Resource } from "#resources/resource.ts";

/** Where the workload's proxy accepts, per port of the application: the compiler reads it. */
export const inboundAnnotation = "weft.dev/inbound";
/** Marks what a joining workload created and what therefore goes, or grows, with it. */
const managedBy = { "app.kubernetes.io/managed-by": "weft" } as const;

export const isManaged = ({ metadata }: Resource): boolean =>
  metadata.labels?.["app.kubernetes.io/managed-by"] === managedBy["app.kubernetes.io/managed-by"];

interface NamedPort {
  /** Name of the port in the WorkloadEntry, and the Service's `targetPort`. */
  readonly name: string;
  readonly workloadPort: number;
  /** Service ports that lead here. */
  readonly servicePorts: readonly number[];
  readonly protocol: AppProtocol;
}

/** The entry that makes a workload an endpoint of its services. */
export function workloadEntry(workload: Workload): Resource {
  const { namespace, name, labels, serviceAccount, inbound, admin } = workload;
  const accepts = inbound.map(({ workloadPort, address }) => [
    `${workloadPort}`,
    `${address.host}:${address.port}`,
  ]);
  const ports = namedPorts(inbound).map((port) => [port.name, port.workloadPort]);
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "WorkloadEntry",
    metadata: {
      name,
      namespace,
      labels: { ...labels, ...managedBy },
      annotations: { [inboundAnnotation]: JSON.stringify(Object.fromEntries(accepts)) },
    },
    spec: {
      address: inbound[0]?.address.host ?? admin.host,
      ports: Object.fromEntries(ports),
      labels,
      serviceAccount,
    },
  };
}

/** The service of the workload's name; undefined for a workload that only calls. */
export function workloadService(workload: Workload): Resource | undefined {
  const ports = servicePorts(workload.inbound);
  if (ports.length === 0) return undefined;
  const { namespace, app } = workload;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: app, namespace, labels: { app, ...managedBy } },
    spec: { selector: { app }, ports },
  };
}

/** The service with the ports that this workload adds to it; undefined when it has them, or is not ours to change. */
export function withPortsOf(service: Resource, workload: Workload): Resource | undefined {
  const spec = service.spec as { readonly ports?: readonly { readonly port: number }[] };
  const known = new Set(spec.ports?.map(({ port }) => port));
  const missing = servicePorts(workload.inbound).filter(({ port }) => !known.has(port));
  if (!isManaged(service) || missing.length === 0) return undefined;
  return { ...service, spec: { ...spec, ports: [...(spec.ports ?? []), ...missing] } };
}

/**
 * Instances of one service may listen on different ports, so the Service refers to them by a name that is the same for
 * all: `http` for the port that answers at 80 and at its own number, `http-<service port>` for the others. What is spoken
 * on a port is told by its name in the Service alone.
 */
function namedPorts(inbound: readonly InboundPort[]): readonly NamedPort[] {
  let hasPlain = false;
  return inbound.map(({ workloadPort, servicePort, protocol: written = "" }) => {
    const protocol = readProtocol(written);
    const carriesRequests = ["http", "detect"].includes(contentOf(protocol));
    if (servicePort === undefined && carriesRequests && !hasPlain) {
      hasPlain = true;
      return { name: "http", workloadPort, servicePorts: [80, workloadPort], protocol };
    }
    const only = servicePort ?? workloadPort;
    return { name: `http-${only}`, workloadPort, servicePorts: [only], protocol };
  });
}

function servicePorts(inbound: readonly InboundPort[]) {
  const targets = new Map<number, NamedPort>();
  for (const target of namedPorts(inbound))
    for (const port of target.servicePorts) if (!targets.has(port)) targets.set(port, target);
  return Array.from(targets, ([port, { name: targetPort, protocol }]) => ({
    name: portName(port, protocol),
    port,
    protocol: "TCP",
    targetPort,
  }));
}

/** Port 80 speaks HTTP unless somebody says otherwise. A name that begins with no protocol declares none. */
function portName(port: number, protocol: AppProtocol): string {
  if (protocol !== "unknown")
    return port === 80 && protocol === "http" ? "http" : `${protocol}-${port}`;
  return port === 80 ? "http" : `port-${port}`;
}
