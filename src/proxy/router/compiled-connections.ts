import type {
  ConnectionRoutes,
  ConnectionTarget,
  TcpRoute,
  TlsRoute,
} from "#config/connection-routes.ts";
import { compileIpBlock } from "../policy/ip-block.ts";

/** Routes of connections to one port of a host, ready to be asked. */
export interface CompiledConnections {
  readonly content: ConnectionRoutes["content"];
  /** Whether the name that TLS asks for has a say. */
  readonly asksServerName: boolean;
  /** The cluster that a connection goes to; undefined: no route takes it. */
  pick(asked: AskedConnection, random: () => number): string | undefined;
}

/** What is known of a connection when it is routed. */
export interface AskedConnection {
  /** The IP address that was called; undefined: the host was called by its name. */
  readonly address: string | undefined;
  /** Of the client's TLS, in lower case; undefined: none, or no TLS. */
  readonly serverName: string | undefined;
}

interface CompiledRoute {
  readonly takes: (asked: AskedConnection) => boolean;
  readonly clusters: readonly ConnectionTarget[];
}

/** Throws RangeError for a subnet that is none. */
export function compileConnections(routes: ConnectionRoutes): CompiledConnections {
  const { content, addresses } = routes;
  const tls = routes.tls.map((route) => compileTlsRoute(route, addresses));
  const all = [...tls, ...routes.tcp.map((route) => compileTcpRoute(route, addresses))];
  return {
    content,
    asksServerName: tls.length > 0,
    pick(asked, random) {
      const route = all.find(({ takes }) => takes(asked));
      return route && draw(route.clusters, random);
    },
  };
}

function compileTlsRoute(route: TlsRoute, addresses: readonly string[]): CompiledRoute {
  const tests = route.serverNames.map(compileServerName);
  const { takes: inSubnets } = compileTcpRoute(route, addresses);
  return {
    clusters: route.clusters,
    takes: (asked) => {
      const { serverName } = asked;
      return serverName !== undefined && tests.some((test) => test(serverName)) && inSubnets(asked);
    },
  };
}

function compileTcpRoute(
  { subnets, clusters }: TcpRoute,
  addresses: readonly string[],
): CompiledRoute {
  if (subnets.length === 0) return { clusters, takes: () => true };
  const blocks = subnets.map(compileIpBlock);
  const isWithin = (address: string): boolean => blocks.some((block) => block(address));
  const byName = addresses.some(isWithin);
  return {
    clusters,
    takes: ({ address }) => (address === undefined ? byName : isWithin(address)),
  };
}

/** A name, `*.suffix` or `*`. */
function compileServerName(pattern: string): (name: string) => boolean {
  if (pattern === "*") return () => true;
  if (!pattern.startsWith("*.")) return (name) => name === pattern;
  const suffix = pattern.slice(1);
  return (name) => name.length > suffix.length && name.endsWith(suffix);
}

function draw(clusters: readonly ConnectionTarget[], random: () => number): string | undefined {
  const total = clusters.reduce((sum, { weight }) => sum + weight, 0);
  let point = random() * total;
  for (const { cluster, weight } of clusters) {
    point -= weight;
    if (weight > 0 && point < 0) return cluster;
  }
  return clusters.findLast(({ weight }) => weight > 0)?.cluster;
}
