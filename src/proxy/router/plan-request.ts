import type { VirtualHost } from "#config/route.ts";
import type { CompiledHost, Plan, UnknownHostPlan, WeightedPlans } from "./compiled-route.ts";
import type { HostTable } from "./host-table.ts";
import type { RequestFacts } from "./request-facts.ts";

/** The routes of one listener. */
export type RouteTable = HostTable<VirtualHost, CompiledHost>;

const unknownHost: UnknownHostPlan = { kind: "unknown-host" };

/**
 * Decides what will be done with a request, without I/O and, but for the first to a host, without allocating. `random` is in [0, 1) and is used only
 * for a route of several destinations.
 */
export function planRequest(table: RouteTable, facts: RequestFacts, random: () => number): Plan {
  const host = table.find(facts.authority);
  if (host === undefined) return unknownHost;
  const route = host.routes.find(facts);
  if (route === undefined) return host.noRoute;
  const { plan } = route;
  return plan.kind === "weighted" ? draw(plan, random) : plan;
}

function draw({ plans, sums, total }: WeightedPlans, random: () => number): Plan {
  const point = random() * total;
  let at = 0;
  while (at < sums.length - 1 && point >= (sums[at] ?? 0)) at++;
  return plans[at] as Plan;
}
