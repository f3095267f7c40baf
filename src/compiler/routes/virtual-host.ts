import type { Origin } from "#config/origin.ts";
import {
  noHeaderEdits,
  type Route,
  type VirtualHost,
  type WeightedCluster,
} from "#config/route.ts";
import { contentOf } from "#resources/app-protocol.ts";
import type { TrafficSplit } from "#resources/traffic-split/traffic-split.ts";
import type { DeclaredPort } from "../mesh/declared-service.ts";
import type { MeshService } from "../mesh/mesh-service.ts";
import { originOf } from "../origin-of.ts";
import { connectionRoutes } from "./connection-routes.ts";
import type { HostRules } from "./host-rules.ts";
import { defaultRetryOrigin, plainCluster, retryPolicyOf } from "./route-action.ts";
import { anyRequest } from "./route-match.ts";
import {
  type OriginedRoutes,
  type RuleScope,
  virtualServiceRoutes,
} from "./virtual-service-routes.ts";

/** The port that an authority without a port means. */
const defaultPort = 80;

/** One port of one host. Undefined when nobody says where its requests go. */
export function compileVirtualHost(rules: HostRules, scope: RuleScope): VirtualHost | undefined {
  const { host, addresses } = rules;
  const found = decide(rules, scope);
  if (found === undefined) return undefined;
  const names = [host, ...addresses.map(bracketed)];
  const own = connectionRoutes(rules, scope);
  return {
    name: `${host}:${scope.called}`,
    domains: names.flatMap((name) => domains(name, scope.called)),
    routes: found.routes,
    ...(own !== undefined && { connections: own.connections }),
    origins: { "": found.origin, ...found.origins, ...own?.origins },
  };
}

/** Without a service a host has the port that its name alone means. */
export function portsOf(service: MeshService | undefined): readonly number[] {
  return service?.ports.map(({ number }) => number) ?? [defaultPort];
}

function domains(name: string, port: number): readonly string[] {
  return port === defaultPort ? [name, `${name}:${port}`] : [`${name}:${port}`];
}

function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

function mayBeHttp({ protocol }: DeclaredPort): boolean {
  const content = contentOf(protocol);
  return content === "http" || content === "detect";
}

type Decision = OriginedRoutes & { readonly origin: Origin };

function decide(rules: HostRules, scope: RuleScope): Decision | undefined {
  const { service, rule, split } = rules;
  const port = service?.ports.find(({ number }) => number === scope.called);
  if (port === undefined || mayBeHttp(port)) {
    if (rule !== undefined && rule.http.length > 0)
      return { origin: originOf(rule.object), ...virtualServiceRoutes(rule, scope) };
    if (split !== undefined) return splitRoutes(split, scope);
  }
  if (service === undefined)
    return rule && { origin: originOf(rule.object), routes: [], origins: {} };
  const cluster = plainCluster(service.host, scope.called, 1);
  const routes = [forwardAll([cluster], scope)];
  return { origin: service.main.origin, routes, origins: retryOrigins(scope) };
}

function splitRoutes({ object, backends }: TrafficSplit, scope: RuleScope): Decision {
  const clusters = backends.map(({ service, weight }) =>
    plainCluster(service, scope.called, weight),
  );
  const origins = backends.map(
    (_, at) => [`routes[0].clusters[${at}]`, originOf(object, `spec.backends[${at}]`)] as const,
  );
  return {
    origin: originOf(object),
    routes: [forwardAll(clusters, scope)],
    origins: { ...Object.fromEntries(origins), ...retryOrigins(scope) },
  };
}

function retryOrigins({ mesh }: RuleScope): Readonly<Record<string, Origin>> {
  const origin = defaultRetryOrigin(mesh);
  return origin === undefined ? {} : { "routes[0].retry": origin };
}

function forwardAll(clusters: readonly WeightedCluster[], { mesh }: RuleScope): Route {
  const retry = retryPolicyOf(undefined, mesh);
  return {
    name: "default",
    match: anyRequest,
    action: { kind: "forward", clusters, ...(retry !== undefined && { retry }) },
    requestHeaders: noHeaderEdits,
    responseHeaders: noHeaderEdits,
  };
}
