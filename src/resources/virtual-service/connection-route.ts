import type { LabelSet } from "../matching.ts";
import { asCidr } from "../schema/ip.ts";
import type { TcpMatchSpec, TcpRouteSpec, TlsRouteSpec } from "./connection-schema.ts";
import { type Destination, readDestination, readWeight } from "./destination.ts";

/** A rule for connections whose content is not requests. */
export interface TcpRoute {
  /** Any of them; empty: every connection. */
  readonly match: readonly TcpMatch[];
  /** Never empty. The weight of a single destination is 1; otherwise the sum is above 0. */
  readonly destinations: readonly ConnectionDestination[];
}

/** A rule for TLS that is passed on unopened. */
export interface TlsRoute {
  /** Never empty. */
  readonly match: readonly TlsMatch[];
  readonly destinations: readonly ConnectionDestination[];
}

/** All conditions must hold. */
export interface TcpMatch {
  /** CIDR blocks of the addresses that were called; empty: any. */
  readonly subnets: readonly string[];
  /** The service's port that was called. */
  readonly port?: number;
  readonly sourceLabels: LabelSet;
  readonly sourceNamespace?: string;
}

export interface TlsMatch extends TcpMatch {
  /** Lower case; names, `*.suffix` or `*`. Never empty. */
  readonly serverNames: readonly string[];
}

export interface ConnectionDestination extends Destination {
  readonly weight: number;
}

export function readTcpRoute({ match = [], route }: TcpRouteSpec, namespace: string): TcpRoute {
  return { match: match.map(readMatch), destinations: readDestinations(route, namespace) };
}

export function readTlsRoute({ match, route }: TlsRouteSpec, namespace: string): TlsRoute {
  return {
    match: match.map((spec) => ({
      ...readMatch(spec),
      serverNames: spec.sniHosts.map(readServerName),
    })),
    destinations: readDestinations(route, namespace),
  };
}

/** As it is compared: lower case, without a final dot. */
export function readServerName(written: string): string {
  return written.toLowerCase().replace(/\.$/, "");
}

function readMatch(spec: TcpMatchSpec): TcpMatch {
  const { destinationSubnets = [], port, sourceLabels = {}, sourceNamespace } = spec;
  return {
    subnets: destinationSubnets.map(asCidr),
    ...(port === undefined ? {} : { port }),
    sourceLabels,
    ...(sourceNamespace === undefined ? {} : { sourceNamespace }),
  };
}

function readDestinations(
  route: TcpRouteSpec["route"] = [],
  namespace: string,
): readonly ConnectionDestination[] {
  return route.map(({ destination, weight }) => ({
    ...readDestination(destination, namespace),
    weight: readWeight(weight, route.length),
  }));
}
