import type { Endpoint, WorkloadRef } from "#config/endpoint.ts";
import type { SocketAddress } from "#config/socket-address.ts";
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
  readonly namespace: string;
  readonly policies: PeerPolicies;
}

/** What a registered workload offers for one port of a service; undefined when it has no such port. */
export function workloadEndpoint(
  entry: WorkloadEntry,
  port: DeclaredPort,
  context: EndpointContext,
): LabelledEndpoint | undefined {
  return mutualEndpoint(entry, port, context, factsOf(entry));
}

/** What an endpoint that a ServiceEntry lists offers for one of its ports. */
export function listedEndpoint(
  entry: WorkloadAddress,
  port: DeclaredPort,
  context: EndpointContext,
): LabelledEndpoint | undefined {
  return mutualEndpoint(entry, port, context, { labels: entry.labels, proxies: {} });
}

/** Mutual TLS is answered by a Weft proxy, or by whoever says so with Istio's label; anybody else is called plainly. */
function mutualEndpoint(
  { address, weight, serviceAccount = "default", ports }: WorkloadAddress,
  port: DeclaredPort,
  { trustDomain, policies, namespace }: EndpointContext,
  { labels, proxies, workload }: EndpointFacts,
): LabelledEndpoint | undefined {
  const workloadPort = portOf(ports, port);
  if (workloadPort === undefined) return undefined;

  const proxy = proxies[workloadPort];
  const isMutual = proxy !== undefined || labels["security.istio.io/tlsMode"] === "istio";
  const mode = isMutual ? effectiveMode(policies, labels, workloadPort).mode : "disable";
  const identity = `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
  const endpoint: Endpoint = {
    address: proxy ?? socketAddress(address, workloadPort),
    workloadPort,
    weight: Math.max(1, weight),
    identities: isMutual ? [identity] : [],
    transports: transports[mode],
    ...(workload !== undefined && { workload }),
  };
  return { endpoint, labels };
}

function socketAddress(address: string, port: number): SocketAddress {
  return address.startsWith("unix://")
    ? { host: "", port: 0, path: address.slice("unix://".length) }
    : { host: address, port };
}

/** The application's port: what the entry says by name, else the service's own number. */
export function portOf(
  ports: WorkloadAddress["ports"],
  { name, targetPort }: DeclaredPort,
): number | undefined {
  if (typeof targetPort === "number") return ports[name] ?? targetPort;
  return ports[targetPort] ?? ports[name];
}

const transports: Readonly<Record<"strict" | "permissive" | "disable", Endpoint["transports"]>> = {
  strict: ["istio-mtls"],
  permissive: ["istio-mtls", "plain"],
  disable: ["plain"],
};

/** What an entry says for all ports, read once. */
interface EndpointFacts {
  readonly labels: LabelSet;
  /** From the application's port to where a Weft proxy accepts for it. */
  readonly proxies: Readonly<Record<string, SocketAddress>>;
  readonly workload?: WorkloadRef;
}

const known = new WeakMap<WorkloadEntry, EndpointFacts>();

function factsOf(entry: WorkloadEntry): EndpointFacts {
  const before = known.get(entry);
  if (before !== undefined) return before;
  const labels = labelsOf(entry);
  const facts = {
    labels,
    proxies: proxyAddresses(entry),
    workload: workloadRef(entry, labels),
  };
  known.set(entry, facts);
  return facts;
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

function proxyAddresses(entry: WorkloadEntry): EndpointFacts["proxies"] {
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
