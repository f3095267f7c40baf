import type {
  ConnectionRoutes,
  ConnectionTarget,
  TcpRoute as TcpRouteConfig,
  TlsRoute as TlsRouteConfig,
} from "#config/connection-routes.ts";
import type { Origin } from "#config/origin.ts";
import { contentOf } from "#resources/app-protocol.ts";
import type {
  ConnectionDestination,
  TcpMatch,
  TcpRoute,
  TlsMatch,
} from "#resources/virtual-service/connection-route.ts";
import { outboundClusterName } from "../clusters/cluster-name.ts";
import { originOf } from "../origin-of.ts";
import type { HostRules } from "./host-rules.ts";
import { destinationCluster } from "./route-action.ts";
import { concernsClient } from "./rule-lookup.ts";
import type { RuleScope } from "./virtual-service-routes.ts";

/** Routes for the connections to one port of a host, and whose word each is. */
export interface OriginedConnections {
  readonly connections: ConnectionRoutes;
  /** By field path from the virtual host: `connections.tcp[0].clusters[1]`. */
  readonly origins: Readonly<Record<string, Origin>>;
}

/** Undefined for a port that carries requests only. What no rule takes goes to the service itself, as in Istio. */
export function connectionRoutes(
  rules: HostRules,
  scope: RuleScope,
): OriginedConnections | undefined {
  const content = contentOfPort(rules, scope);
  if (content === "http") return undefined;
  const origins: Record<string, Origin> = {};
  const tls = content === "tcp" ? [] : tlsRoutes(rules, scope, origins);
  const tcp = tcpRoutes(rules, scope, origins);
  if (tls.length + tcp.length === 0) return undefined;
  const asks = [...tls, ...tcp].some(({ subnets }) => subnets.length > 0);
  const addresses = asks ? rules.addresses : [];
  return { connections: { content, addresses, tls, tcp }, origins };
}

function contentOfPort({ service, rule }: HostRules, { called }: RuleScope) {
  const port = service?.ports.find(({ number }) => number === called);
  if (port !== undefined) return contentOf(port.protocol);
  // Without a service only rules can say that there is anything but requests.
  return rule !== undefined && rule.tls.length + rule.tcp.length > 0 ? "detect" : "http";
}

function tlsRoutes(
  { rule }: HostRules,
  scope: RuleScope,
  origins: Record<string, Origin>,
): readonly TlsRouteConfig[] {
  const routes: TlsRouteConfig[] = [];
  for (const [at, { match, destinations }] of (rule?.tls ?? []).entries())
    for (const { serverNames, subnets } of match.filter((one) => holdsFor(one, scope))) {
      const place = `connections.tls[${routes.length}]`;
      addOrigins(origins, place, { rules: rule, path: `spec.tls[${at}]`, destinations });
      routes.push({ serverNames, subnets, clusters: targets(destinations, scope) });
    }
  return routes;
}

function tcpRoutes(
  rules: HostRules,
  scope: RuleScope,
  origins: Record<string, Origin>,
): readonly TcpRouteConfig[] {
  const routes: TcpRouteConfig[] = [];
  for (const [at, written] of (rules.rule?.tcp ?? []).entries()) {
    const subnets = subnetsOf(written, scope);
    if (subnets === undefined) continue;
    const { destinations } = written;
    const place = `connections.tcp[${routes.length}]`;
    addOrigins(origins, place, { rules: rules.rule, path: `spec.tcp[${at}]`, destinations });
    routes.push({ subnets, clusters: targets(destinations, scope) });
    if (subnets.length === 0) return routes;
  }
  const rest = restTargets(rules, scope, `connections.tcp[${routes.length}]`, origins);
  if (rest.length > 0) routes.push({ subnets: [], clusters: rest });
  return routes;
}

/** Undefined: the rule is not for this port or this client. Empty: for every address. */
function subnetsOf({ match }: TcpRoute, scope: RuleScope): readonly string[] | undefined {
  if (match.length === 0) return [];
  const holding = match.filter((one) => holdsFor(one, scope));
  if (holding.length === 0) return undefined;
  if (holding.some(({ subnets }) => subnets.length === 0)) return [];
  return holding.flatMap(({ subnets }) => subnets);
}

function holdsFor(match: TcpMatch | TlsMatch, { called, client }: RuleScope): boolean {
  return (match.port === undefined || match.port === called) && concernsClient(match, client);
}

/** What no rule takes: a split's backends, else the service. */
function restTargets(
  { service, rule, split }: HostRules,
  { called }: RuleScope,
  place: string,
  origins: Record<string, Origin>,
): readonly ConnectionTarget[] {
  if (rule === undefined && split !== undefined) {
    for (const [at] of split.backends.entries())
      origins[`${place}.clusters[${at}]`] = originOf(split.object, `spec.backends[${at}]`);
    return split.backends.map(({ service: host, weight }) => ({
      cluster: outboundClusterName(host, called),
      weight,
    }));
  }
  if (service === undefined) return [];
  return [{ cluster: outboundClusterName(service.host, called), weight: 1 }];
}

function targets(
  destinations: readonly ConnectionDestination[],
  scope: RuleScope,
): readonly ConnectionTarget[] {
  return destinations.map((destination) => ({
    cluster: destinationCluster(destination, scope),
    weight: destination.weight,
  }));
}

interface RuleOrigin {
  readonly rules: HostRules["rule"];
  readonly path: string;
  readonly destinations: readonly ConnectionDestination[];
}

function addOrigins(
  origins: Record<string, Origin>,
  place: string,
  { rules, path, destinations }: RuleOrigin,
): void {
  if (rules === undefined) return;
  origins[place] = originOf(rules.object, path);
  for (const [at] of destinations.entries())
    origins[`${place}.clusters[${at}]`] = originOf(rules.object, `${path}.route[${at}]`);
}
