import type { SocketAddress } from "#config/cluster.ts";
import type { Endpoint, EndpointTransport, WorkloadRef } from "#config/endpoint.ts";
import type { LabelSet } from "#resources/matching.ts";
import type { WorkloadAddress, WorkloadEntry } from "#resources/workload-entry/workload-entry.ts";
import { effectiveMode, type PeerPolicies } from "../policies/mutual-tls-mode.ts";
import type { DeclaredPort } from "./declared-service.ts";
import { labelsOf } from "./labels.ts";

/** On a WorkloadEntry of a Weft proxy: from the application's port to where the proxy accepts for it, as JSON. */
const inboundAnnotation = "weft.dev/inbound";

/** An endpoint, and the labels that subsets ask for. */
export interface LabelledEndpoint {
  readonly endpoint: Endpoint;
  readonly labels: LabelSet;
}

/** An address as it stands, that nobody is known to answer mutual TLS at. */
export function plainEndpoint(address: SocketAddress): Endpoint {
  return { address, workloadPort: address.port, weight: 1, identities: [], transports: ["plain"] };
}

/** What the transports and identities of an endpoint depend on beside itself. */
export interface EndpointContext {
  readonly trustDomain: string;
  readonly policies: PeerPolicies;
}

/** What a registered workload offers for one port of a service; undefined when it has no such port. */
export function workloadEndpoint(
  entry: WorkloadEntry,
  port: DeclaredPort,
  context: EndpointContext,
): LabelledEndpoint | undefined {
  const labels = labelsOf(entry);
  const made = mutualEndpoint({ ...entry, labels }, port, {
    ...context,
    namespace: entry.object.namespace,
    proxies: proxyAddresses(entry),
  });
  return made && { ...made, endpoint: { ...made.endpoint, workload: workloadRef(entry, labels) } };
}

/** What an endpoint that a ServiceEntry lists offers for one of its ports. */
export function listedEndpoint(
  entry: WorkloadAddress,
  port: DeclaredPort,
  context: EndpointContext & { readonly namespace: string },
): LabelledEndpoint | undefined {
  return mutualEndpoint(entry, port, { ...context, proxies: {} });
}

interface Surroundings extends EndpointContext {
  readonly namespace: string;
  /** From the application's port to where a Weft proxy accepts for it. */
  readonly proxies: ProxyAddresses;
}

/** Mutual TLS is answered by a Weft proxy, or by whoever says so with Istio's label; anybody else is called plainly. */
function mutualEndpoint(
  { address, labels, weight, serviceAccount = "default", ports }: WorkloadAddress,
  port: DeclaredPort,
  { trustDomain, policies, namespace, proxies }: Surroundings,
): LabelledEndpoint | undefined {
  const workloadPort = portOf({ ports }, port);
  if (workloadPort === undefined) return undefined;

  const proxy = proxies[workloadPort];
  const isMutual = proxy !== undefined || labels["security.istio.io/tlsMode"] === "istio";
  const mode = isMutual ? effectiveMode(policies, labels, workloadPort).mode : "disable";
  const identity = `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
  const endpoint: Endpoint = {
    address: proxy ?? { host: address, port: workloadPort },
    workloadPort,
    weight: Math.max(1, weight),
    identities: isMutual ? [identity] : [],
    transports: transports(mode),
  };
  return { endpoint, labels };
}

/** The application's port: what the entry says by name, else the service's own number. */
export function portOf(
  { ports }: Pick<WorkloadAddress, "ports">,
  { name, targetPort }: DeclaredPort,
): number | undefined {
  if (typeof targetPort === "number") return ports[name] ?? targetPort;
  return ports[targetPort] ?? ports[name];
}

function transports(mode: "strict" | "permissive" | "disable"): readonly EndpointTransport[] {
  if (mode === "strict") return ["istio-mtls"];
  return mode === "disable" ? ["plain"] : ["istio-mtls", "plain"];
}

function workloadRef({ object }: WorkloadEntry, labels: LabelSet): WorkloadRef {
  const app = labels.app ?? labels["app.kubernetes.io/name"] ?? "";
  const version = labels.version ?? labels["app.kubernetes.io/version"] ?? "";
  return {
    name: object.name,
    namespace: object.namespace,
    app,
    version,
    canonicalName: labels["service.istio.io/canonical-name"] ?? (app || object.name),
    canonicalRevision: labels["service.istio.io/canonical-revision"] ?? (version || "latest"),
  };
}

type ProxyAddresses = Readonly<Record<string, SocketAddress>>;

const readProxies = new WeakMap<WorkloadEntry, ProxyAddresses>();

function proxyAddresses(entry: WorkloadEntry): ProxyAddresses {
  const known = readProxies.get(entry) ?? readProxyAddresses(entry);
  readProxies.set(entry, known);
  return known;
}

function readProxyAddresses(entry: WorkloadEntry): ProxyAddresses {
  const written = parseJson(entry.object.annotations[inboundAnnotation] ?? "{}");
  if (typeof written !== "object" || written === null) return {};
  const read = Object.entries(written).flatMap(([port, address]) => {
    const known = typeof address === "string" ? readAddress(address) : undefined;
    return known === undefined ? [] : [[port, known] as const];
  });
  return Object.fromEntries(read);
}

function parseJson(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    // Anybody may write an annotation; one that is not JSON names no proxy.
    return undefined;
  }
}

/** `127.0.0.1:8080`, `[::1]:8080` */
function readAddress(written: string): SocketAddress | undefined {
  const [, host = "", port = ""] = /^\[?(.+?)\]?:(\d{1,5})$/.exec(written) ?? [];
  return host === "" ? undefined : { host, port: Number(port) };
}
