import { isIP } from "node:net";
import type { OutboundState } from "../downstream.ts";
import type { Failure } from "../local-reply.ts";
import type { ProxyRuntime } from "../proxy-runtime.ts";
import type { CompiledConnections } from "../router/compiled-connections.ts";
import type { CompiledHost } from "../router/compiled-route.ts";
import { splitAuthority } from "../router/host-table.ts";
import type { UpstreamCluster } from "../upstream/upstream-cluster.ts";

/** Where the connections to one authority may go, decided when one of them begins. */
export interface Destination {
  /** `host:port` as it was called, in lower case. */
  readonly authority: string;
  /** What is remembered of it is found by this. */
  readonly name: string;
  readonly isInMesh: boolean;
  readonly content: CompiledConnections["content"] | "http";
  /** TLS goes by the name that it asks for. */
  readonly asksServerName: boolean;
  /** Every call draws anew among weighted destinations. */
  cluster(serverName: string | undefined): UpstreamCluster | Failure;
}

/** Undefined: no part of the mesh, and nothing outside may be called. */
export function destinationOf(
  runtime: ProxyRuntime,
  listener: OutboundState,
  authority: string,
): Destination | undefined {
  const found = listener.table.find(authority);
  if (found !== undefined) return meshDestination(runtime, found, authority);
  if (listener.config.unknownHosts !== "passthrough") return undefined;
  return {
    authority,
    name: authority,
    isInMesh: false,
    content: "detect",
    asksServerName: false,
    cluster: () => calledBy(runtime, runtime.clusters.get(OUTSIDE), authority),
  };
}

function meshDestination(
  runtime: ProxyRuntime,
  { host, connections }: CompiledHost,
  authority: string,
): Destination {
  const called = unbracketed(splitAuthority(authority).host);
  const address = isIP(called) > 0 ? called : undefined;
  return {
    authority,
    name: host.name,
    isInMesh: true,
    content: connections?.content ?? "http",
    asksServerName: connections?.asksServerName ?? false,
    cluster(serverName) {
      const name = connections?.pick({ address, serverName }, runtime.random);
      if (name === undefined)
        return { code: "no-route", message: `${authority}: no route takes this connection` };
      const cluster = runtime.clusters.get(name);
      if (cluster === undefined)
        return { code: "cluster-not-found", message: `${authority}: ${name} does not exist` };
      return cluster.isPassthrough ? calledBy(runtime, cluster, authority) : cluster;
    },
  };
}

/** What nobody may call, in words. */
export function unknownHost(authority: string): Failure {
  return { code: "unknown-host", message: `${authority} is not a host of the mesh` };
}

/** Istio's name for whatever is outside the mesh. */
const OUTSIDE = "PassthroughCluster";

/** Wherever the caller said. */
function calledBy(
  { clusters }: ProxyRuntime,
  of: UpstreamCluster | undefined,
  authority: string,
): UpstreamCluster {
  const { host, port = of?.config.destination?.port ?? 443 } = splitAuthority(authority);
  return clusters.passthrough(of, unbracketed(host), Number(port));
}

export function isFailure(found: UpstreamCluster | Failure): found is Failure {
  return "code" in found;
}

function unbracketed(host: string): string {
  return host.startsWith("[") ? host.slice(1, -1) : host;
}
