import type { Origin } from "#config/origin.ts";
import {
  type HeaderEdits,
  noHeaderEdits,
  type PathMatch,
  type RedirectAction,
  type RetryPolicy,
  type Rewrite,
  type WeightedCluster,
} from "#config/route.ts";
import type { MeshConfig } from "#resources/mesh-config/mesh-config.ts";
import type { Destination } from "#resources/virtual-service/destination.ts";
import type {
  HeaderOperation,
  HttpDestination,
  HttpForward,
  HttpRedirect,
  HttpRewrite,
} from "#resources/virtual-service/virtual-service.ts";
import { outboundClusterName } from "../clusters/cluster-name.ts";
import type { MeshService } from "../mesh/mesh-service.ts";
import { originOf } from "../origin-of.ts";
import { defaultRetryPolicy, explicitRetryPolicy } from "./retry-policy.ts";

/** What a destination without a port needs to know. */
export interface PortLookup {
  /** The port that the client called. */
  readonly called: number;
  serviceOf(host: string): MeshService | undefined;
}

/** A host or subset that does not exist gives the name of a cluster that does not exist: 503 NC at the proxy. */
export function destinationCluster(destination: Destination, ports: PortLookup): string {
  const { host, subset } = destination;
  const port = destination.port ?? onlyPort(ports.serviceOf(host)) ?? ports.called;
  return outboundClusterName(host, port, subset);
}

export function weightedCluster(destination: HttpDestination, ports: PortLookup): WeightedCluster {
  const { weight, headers } = destination;
  return {
    cluster: destinationCluster(destination, ports),
    weight,
    requestHeaders: headerEdits(headers.request),
    responseHeaders: headerEdits(headers.response),
  };
}

export function plainCluster(host: string, port: number, weight: number): WeightedCluster {
  return {
    cluster: outboundClusterName(host, port),
    weight,
    requestHeaders: noHeaderEdits,
    responseHeaders: noHeaderEdits,
  };
}

/** Whose word the retries of a route are that says nothing itself; undefined when nobody wrote any. */
export function defaultRetryOrigin({ object, defaultHttpRetries }: MeshConfig): Origin | undefined {
  if (object === undefined || defaultHttpRetries === undefined) return undefined;
  return originOf(object, "spec.defaultHttpRetryPolicy");
}

/** The retries of a route that says nothing, or what it says; undefined for none. */
export function retryPolicyOf(
  written: HttpForward["retries"],
  mesh: MeshConfig,
): RetryPolicy | undefined {
  const explicit = written ?? mesh.defaultHttpRetries;
  return explicit === undefined ? defaultRetryPolicy : explicitRetryPolicy(explicit);
}

export function rewriteOf(written: HttpRewrite, path: PathMatch): Rewrite {
  const { authority } = written;
  const pathRewrite = rewrittenPath(written, path);
  return {
    ...(pathRewrite !== undefined && { path: pathRewrite }),
    ...(authority !== undefined && { authority }),
  };
}

export function headerEdits({ set, add, remove }: HeaderOperation): HeaderEdits {
  if (set.length + add.length + remove.length === 0) return noHeaderEdits;
  return { set, add, remove };
}

export function redirectAction(written: HttpRedirect): RedirectAction {
  const { status, scheme, authority, port, path } = written;
  return {
    kind: "redirect",
    status,
    ...(scheme !== undefined && { scheme }),
    ...(authority !== undefined && { authority }),
    ...(port !== undefined && { port }),
    ...(path !== undefined && { path: { kind: path.kind, value: path.value } }),
  };
}

/** Under a prefix match only what matched is replaced, else the whole path. */
function rewrittenPath({ uri, uriRegex }: HttpRewrite, path: PathMatch): Rewrite["path"] {
  if (uriRegex !== undefined)
    return { kind: "regex", pattern: uriRegex.pattern, substitution: uriRegex.substitution };
  if (uri === undefined) return undefined;
  return { kind: path.kind === "prefix" ? "prefix" : "path", value: uri };
}

function onlyPort(service: MeshService | undefined): number | undefined {
  return service?.ports.length === 1 ? service.ports[0]?.number : undefined;
}
