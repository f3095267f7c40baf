import type { Endpoint, EndpointSet, EndpointTransport, WorkloadRef } from "#config/endpoint.ts";
import { fromAddress, toAddress } from "./address.ts";
import { ClusterLoadAssignment } from "./generated/envoy/config/endpoint/v3/endpoint.ts";
import { LbEndpoint } from "./generated/envoy/config/endpoint/v3/endpoint_components.ts";
import { asNumber, asString, asStrings, fromMetadata, toMetadata } from "./metadata.ts";

/** Istio's mark on an endpoint that takes mutual TLS. */
export const mutualTlsMark: Readonly<Record<string, string>> = { tlsMode: "istio" };

export function toEndpoints({ name, endpoints }: EndpointSet): ClusterLoadAssignment {
  return ClusterLoadAssignment.fromPartial({
    clusterName: name,
    endpoints: endpoints.length === 0 ? [] : [{ lbEndpoints: endpoints.map(toEndpoint) }],
  });
}

export function fromEndpoints(message: ClusterLoadAssignment): EndpointSet {
  return {
    name: message.clusterName,
    endpoints: message.endpoints.flatMap(({ lbEndpoints }) => lbEndpoints.map(fromEndpoint)),
  };
}

export function toEndpoint(endpoint: Endpoint): LbEndpoint {
  const { workload, transports, identities, workloadPort } = endpoint;
  const takesMutualTls = transports.some((each) => each !== "plain");
  return {
    ...LbEndpoint.create(),
    hostIdentifier: {
      $case: "endpoint",
      value: {
        address: toAddress(endpoint.address),
        healthCheckConfig: undefined,
        hostname: "",
        additionalAddresses: [],
      },
    },
    loadBalancingWeight: endpoint.weight,
    metadata: toMetadata(
      {
        port: workloadPort,
        identities: [...identities],
        transports: [...transports],
        workload: workload && toWorkloadList(workload),
      },
      {
        ...(takesMutualTls ? { "envoy.transport_socket_match": mutualTlsMark } : {}),
        ...(workload ? { istio: { workload: istioWorkload(workload) } } : {}),
      },
    ),
  };
}

/** Another server's endpoint says less: its port is the application's, and only Istio's mark promises mutual TLS. */
export function fromEndpoint(message: LbEndpoint): Endpoint {
  const host = message.hostIdentifier;
  const ours = fromMetadata(message.metadata);
  const address = fromAddress(host?.$case === "endpoint" ? host.value.address : undefined);
  return {
    address,
    workloadPort: ours.port === undefined ? address.port : asNumber(ours.port),
    weight: message.loadBalancingWeight ?? 1,
    identities: asStrings(ours.identities),
    transports:
      ours.transports === undefined
        ? [hasMark(message) ? "istio-mtls" : "plain"]
        : asStrings(ours.transports).filter(isTransport),
    ...(ours.workload === undefined ? {} : { workload: fromWorkloadList(ours.workload) }),
  };
}

function hasMark({ metadata }: LbEndpoint): boolean {
  const fields = fromMetadata(metadata, "envoy.transport_socket_match");
  return fields.tlsMode === mutualTlsMark.tlsMode;
}

const TRANSPORTS: readonly EndpointTransport[] = ["plain", "istio-mtls", "weft-h2", "hbone"];

function isTransport(text: string): text is EndpointTransport {
  return TRANSPORTS.some((each) => each === text);
}

/** A list and not a record, since a Struct writes every key of every endpoint. */
function toWorkloadList(workload: WorkloadRef): readonly string[] {
  const { name, namespace, app, version, canonicalName, canonicalRevision } = workload;
  return [name, namespace, app, version, canonicalName, canonicalRevision];
}

function fromWorkloadList(value: unknown): WorkloadRef {
  const [name, namespace, app, version, canonicalName, canonicalRevision] = asStrings(value);
  return {
    name: asString(name),
    namespace: asString(namespace),
    app: asString(app),
    version: asString(version),
    canonicalName: asString(canonicalName),
    canonicalRevision: asString(canonicalRevision),
  };
}

/** What Istio's telemetry reads: workload, namespace, canonical name and revision, cluster of machines (none here). */
function istioWorkload({ name, namespace, canonicalName, canonicalRevision }: WorkloadRef): string {
  return `${name};${namespace};${canonicalName};${canonicalRevision};`;
}
