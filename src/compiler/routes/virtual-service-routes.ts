import type { Origin } from "#config/origin.ts";
import type { Route, RouteAction } from "#config/route.ts";
import type { MeshConfig } from "#resources/mesh-config/mesh-config.ts";
import type {
  HttpMatch,
  HttpRoute,
  VirtualService,
} from "#resources/virtual-service/virtual-service.ts";
import { originOf } from "../origin-of.ts";
import {
  defaultRetryOrigin,
  headerEdits,
  type PortLookup,
  redirectAction,
  retryPolicyOf,
  rewriteOf,
  weightedCluster,
} from "./route-action.ts";
import { anyRequest, compileMatch, takesAll } from "./route-match.ts";
import { type Client, concernsClient } from "./rule-lookup.ts";

/** Routes of a virtual host and where each comes from. */
export interface OriginedRoutes {
  readonly routes: readonly Route[];
  /** By field path from the virtual host: `routes[0]`, `routes[0].clusters[1]`. */
  readonly origins: Readonly<Record<string, Origin>>;
}

export interface RuleScope extends PortLookup {
  readonly client: Client;
  readonly mesh: MeshConfig;
}

/** The routes that a rule gives to this client on this port, in the order written, up to one that takes every request. */
export function virtualServiceRoutes(rule: VirtualService, scope: RuleScope): OriginedRoutes {
  const routes: Route[] = [];
  const origins: Record<string, Origin> = {};
  for (const [at, http] of rule.http.entries())
    for (const { match, path } of matchesOf(http, at, scope)) {
      const route = compileRoute(http, match, scope);
      const place = `routes[${routes.length}]`;
      routes.push(route);
      origins[place] = originOf(rule.object, `spec.http[${at}]`);
      if (path !== undefined) origins[`${place}.match`] = originOf(rule.object, path);
      addActionOrigins(origins, place, { rule, http, at, route, mesh: scope.mesh });
      if (takesAll(route.match)) return { routes, origins };
    }
  return { routes, origins };
}

interface ScopedMatch {
  readonly match: HttpMatch | undefined;
  /** Field path of the match in the rule. */
  readonly path: string | undefined;
}

function matchesOf({ match }: HttpRoute, at: number, scope: RuleScope): readonly ScopedMatch[] {
  if (match.length === 0) return [{ match: undefined, path: undefined }];
  return match.flatMap((one, index) => {
    const isForPort = one.port === undefined || one.port === scope.called;
    const path = `spec.http[${at}].match[${index}]`;
    return isForPort && concernsClient(one, scope.client) ? [{ match: one, path }] : [];
  });
}

function compileRoute(http: HttpRoute, written: HttpMatch | undefined, scope: RuleScope): Route {
  const match = written === undefined ? anyRequest : compileMatch(written);
  const names = [http.name, written?.name].filter((name) => name !== undefined);
  return {
    name: names.join("."),
    match,
    action: compileAction(http, match, scope),
    requestHeaders: headerEdits(http.headers.request),
    responseHeaders: headerEdits(http.headers.response),
  };
}

function compileAction(http: HttpRoute, match: Route["match"], scope: RuleScope): RouteAction {
  const { action } = http;
  if (action.kind === "redirect") return redirectAction(action);
  if (action.kind === "respond")
    return { kind: "respond", status: action.status, body: action.body };

  const rewrite = action.rewrite && rewriteOf(action.rewrite, match.path);
  const retry = retryPolicyOf(action.retries, scope.mesh);
  return {
    kind: "forward",
    clusters: action.destinations.map((destination) => weightedCluster(destination, scope)),
    ...(rewrite !== undefined && { rewrite }),
    ...(action.timeoutMs !== undefined && { timeoutMs: action.timeoutMs }),
    ...(retry !== undefined && { retry }),
  };
}

interface CompiledRoute {
  readonly rule: VirtualService;
  readonly http: HttpRoute;
  readonly at: number;
  readonly route: Route;
  readonly mesh: MeshConfig;
}

function addActionOrigins(
  origins: Record<string, Origin>,
  place: string,
  { rule, http, at, route, mesh }: CompiledRoute,
): void {
  if (http.action.kind !== "forward" || route.action.kind !== "forward") return;
  const from = (field: string): Origin => originOf(rule.object, `spec.http[${at}].${field}`);
  for (const [index] of http.action.destinations.entries())
    origins[`${place}.clusters[${index}]`] = from(`route[${index}]`);
  const { rewrite, timeoutMs, retries } = http.action;
  if (rewrite !== undefined) origins[`${place}.rewrite`] = from("rewrite");
  if (timeoutMs !== undefined) origins[`${place}.timeoutMs`] = from("timeout");
  const retry = retries === undefined ? defaultRetryOrigin(mesh) : from("retries");
  if (retry !== undefined) origins[`${place}.retry`] = retry;
}
