import type { ForwardAction, PathMatch, Route, VirtualHost } from "#config/route.ts";
import { type CompiledConnections, compileConnections } from "./compiled-connections.ts";
import { PathIndex } from "./path-index.ts";
import { type PreparedEdits, prepareEdits } from "./prepared-edits.ts";
import { compileRedirect, type LocationOf } from "./redirect-location.ts";
import { compilePathRewrite, type PathRewrite } from "./rewrite-path.ts";
import { compileHeaderMatch, compileQueryMatch, type FactsTest } from "./string-test.ts";

/** A virtual host ready to answer: which of its routes a request takes. */
export interface CompiledHost {
  readonly host: VirtualHost;
  readonly routes: PathIndex<CompiledRoute>;
  /** Undefined: it carries requests only. */
  readonly connections: CompiledConnections | undefined;
  /** The plan when none of the routes matches. */
  readonly noRoute: NoRoutePlan;
}

export interface CompiledRoute {
  readonly index: number;
  readonly path: PathMatch;
  readonly conditions: readonly FactsTest[];
  readonly route: Route;
  readonly action: CompiledAction;
}

type CompiledAction =
  | { readonly kind: "forward"; readonly targets: WeightedPlans }
  | { readonly kind: "redirect"; readonly plan: RedirectPlan }
  | { readonly kind: "respond"; readonly plan: RespondPlan };

/** What will be done with a request. Every plan is made when the configuration arrives and shared by all its requests. */
export type Plan = ForwardPlan | RedirectPlan | RespondPlan | NoRoutePlan | UnknownHostPlan;

export interface ForwardPlan {
  readonly kind: "forward";
  readonly route: Route;
  readonly action: ForwardAction;
  readonly cluster: string;
  readonly requestEdits: PreparedEdits | undefined;
  readonly responseEdits: PreparedEdits | undefined;
  readonly rewritePath: PathRewrite | undefined;
  readonly authority: string | undefined;
}

export interface RedirectPlan {
  readonly kind: "redirect";
  readonly route: Route;
  readonly status: number;
  readonly locationOf: LocationOf;
  readonly responseEdits: PreparedEdits | undefined;
}

export interface RespondPlan {
  readonly kind: "respond";
  readonly route: Route;
  readonly status: number;
  readonly body: string;
  readonly responseEdits: PreparedEdits | undefined;
}

export interface NoRoutePlan {
  readonly kind: "no-route";
  readonly host: VirtualHost;
}

export interface UnknownHostPlan {
  readonly kind: "unknown-host";
}

/** Plans with their running sums of weights; those of weight 0 are left out. */
interface WeightedPlans {
  readonly plans: readonly ForwardPlan[];
  readonly sums: readonly number[];
  readonly total: number;
}

/** Throws what `compileRe2` and header lines throw: call it while an update may still be refused. */
export function compileHost(host: VirtualHost): CompiledHost {
  const routes = host.routes.map(compileRoute);
  return {
    host,
    routes: new PathIndex(routes),
    connections: host.connections && compileConnections(host.connections),
    noRoute: { kind: "no-route", host },
  };
}

function compileRoute(route: Route, index: number): CompiledRoute {
  const { match } = route;
  const conditions = [
    ...match.headers.map(compileHeaderMatch),
    ...match.query.map(compileQueryMatch),
  ];
  return { index, path: pathOf(match), conditions, route, action: compileAction(route) };
}

/** The prefix `/` is how a route says that it takes everything: the asterisk of `OPTIONS *` too. */
function pathOf({ path }: Route["match"]): PathMatch {
  return path.kind === "prefix" && path.value === "/" ? { kind: "prefix", value: "" } : path;
}

function compileAction(route: Route): CompiledAction {
  const { action } = route;
  if (action.kind === "forward")
    return { kind: "forward", targets: weighted(action, forwardPlans(route, action)) };

  const responseEdits = prepareEdits([route.responseHeaders]);
  if (action.kind === "respond") {
    const { status, body } = action;
    return { kind: "respond", plan: { kind: "respond", route, status, body, responseEdits } };
  }
  const locationOf = compileRedirect(action, route.match.path);
  const { status } = action;
  return {
    kind: "redirect",
    plan: { kind: "redirect", route, status, locationOf, responseEdits },
  };
}

function forwardPlans(route: Route, action: ForwardAction): ForwardPlan[] {
  const { rewrite } = action;
  const rewritePath =
    rewrite?.path === undefined ? undefined : compilePathRewrite(route.match.path, rewrite.path);
  return action.clusters.map((target) => ({
    kind: "forward",
    route,
    action,
    cluster: target.cluster,
    requestEdits: prepareEdits([target.requestHeaders, route.requestHeaders]),
    responseEdits: prepareEdits([target.responseHeaders, route.responseHeaders]),
    rewritePath,
    authority: rewrite?.authority,
  }));
}

function weighted(action: ForwardAction, all: readonly ForwardPlan[]): WeightedPlans {
  const plans: ForwardPlan[] = [];
  const sums: number[] = [];
  let total = 0;
  for (const [i, plan] of all.entries()) {
    const weight = action.clusters[i]?.weight ?? 0;
    if (weight <= 0) continue;
    total += weight;
    plans.push(plan);
    sums.push(total);
  }
  return { plans, sums, total };
}
