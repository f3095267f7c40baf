import type { ForwardAction, PathMatch, RetryPolicy, Route, VirtualHost } from "#config/route.ts";
import { type CompiledConnections, compileConnections } from "./compiled-connections.ts";
import { finderOf } from "./path-index.ts";
import type { PathRule, RuleFinder } from "./path-rule.ts";
import { type PreparedEdits, prepareEdits } from "./prepared-edits.ts";
import { compileRedirect, type LocationOf } from "./redirect-location.ts";
import { compilePathRewrite, type PathRewrite } from "./rewrite-path.ts";
import { compileHeaderMatch, compileQueryMatch, type FactsTest } from "./string-test.ts";

/** A virtual host ready to answer: which of its routes a request takes. */
export interface CompiledHost {
  readonly host: VirtualHost;
  readonly routes: RuleFinder<CompiledRoute>;
  /** Undefined: it carries requests only. */
  readonly connections: CompiledConnections | undefined;
  /** The plan when none of the routes matches. */
  readonly noRoute: NoRoutePlan;
}

/** Few objects, one behind the other: with thousands of routes each is far away in memory when its request comes. */
export interface CompiledRoute extends PathRule<CompiledRoute> {
  /** What all its requests get, or what one is drawn from for each. */
  readonly plan: Plan | WeightedPlans;
}

/** What will be done with a request. Every plan is made when the configuration arrives and shared by all its requests. */
export type Plan = ForwardPlan | RedirectPlan | RespondPlan | NoRoutePlan | UnknownHostPlan;

export interface ForwardPlan {
  readonly kind: "forward";
  readonly routeName: string;
  readonly cluster: string;
  /** Whole exchange, retries included; absent: no limit. */
  readonly timeoutMs: number | undefined;
  readonly retry: RetryPolicy | undefined;
  readonly requestEdits: PreparedEdits | undefined;
  readonly responseEdits: PreparedEdits | undefined;
  readonly rewritePath: PathRewrite | undefined;
  readonly authority: string | undefined;
}

export interface RedirectPlan {
  readonly kind: "redirect";
  readonly routeName: string;
  readonly status: number;
  readonly locationOf: LocationOf;
  readonly responseEdits: PreparedEdits | undefined;
}

export interface RespondPlan {
  readonly kind: "respond";
  readonly routeName: string;
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

/** Two plans or more with their running sums of weights; none has a weight of 0. */
export interface WeightedPlans {
  readonly kind: "weighted";
  readonly plans: readonly ForwardPlan[];
  readonly sums: readonly number[];
  readonly total: number;
}

/** Throws what `compileRe2` and header lines throw: call it while an update may still be refused. */
export function compileHost(host: VirtualHost): CompiledHost {
  return {
    host,
    routes: finderOf(host.routes.map(compileRoute)),
    connections: host.connections && compileConnections(host.connections),
    noRoute: { kind: "no-route", host },
  };
}

function compileRoute(route: Route, index: number): CompiledRoute {
  const { match, action } = route;
  const conditions =
    match.headers.length + match.query.length === 0
      ? none
      : [...match.headers.map(compileHeaderMatch), ...match.query.map(compileQueryMatch)];
  const plan = action.kind === "forward" ? forwardPlans(route, action) : ownPlan(route, action);
  return { index, path: pathOf(match), conditions, plan, nextOfPath: undefined };
}

const none: readonly FactsTest[] = [];

/** The prefix `/` is how a route says that it takes everything: the asterisk of `OPTIONS *` too. */
function pathOf({ path }: Route["match"]): PathMatch {
  return path.kind === "prefix" && path.value === "/" ? everything : path;
}

const everything: PathMatch = { kind: "prefix", value: "" };

function ownPlan(
  route: Route,
  action: Exclude<Route["action"], ForwardAction>,
): RedirectPlan | RespondPlan {
  const responseEdits = prepareEdits([route.responseHeaders]);
  const routeName = route.name;
  const { status } = action;
  if (action.kind === "respond")
    return { kind: "respond", routeName, status, body: action.body, responseEdits };
  const locationOf = compileRedirect(action, route.match.path);
  return { kind: "redirect", routeName, status, locationOf, responseEdits };
}

function forwardPlans(route: Route, action: ForwardAction): ForwardPlan | WeightedPlans {
  const { rewrite, timeoutMs, retry } = action;
  const rewritePath =
    rewrite?.path === undefined ? undefined : compilePathRewrite(route.match.path, rewrite.path);
  const taken = action.clusters.filter(({ weight }) => weight > 0);
  const plans = taken.map(
    (target): ForwardPlan => ({
      kind: "forward",
      routeName: route.name,
      cluster: target.cluster,
      timeoutMs,
      retry,
      requestEdits: prepareEdits([target.requestHeaders, route.requestHeaders]),
      responseEdits: prepareEdits([target.responseHeaders, route.responseHeaders]),
      rewritePath,
      authority: rewrite?.authority,
    }),
  );
  const [only] = plans;
  if (only === undefined) throw new RangeError(`${route.name}: no destination has a weight`);
  if (plans.length === 1) return only;
  let total = 0;
  const sums = taken.map(({ weight }) => (total += weight));
  return { kind: "weighted", plans, sums, total };
}
