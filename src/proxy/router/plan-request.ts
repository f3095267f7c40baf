import type { VirtualHost } from "#config/route.ts";
import type { CompiledHost, CompiledRoute, Plan, UnknownHostPlan } from "./compiled-route.ts";
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
  return route === undefined ? host.noRoute : planOf(route, random);
}

function planOf({ action }: CompiledRoute, random: () => number): Plan {
  if (action.kind !== "forward") return action.plan;
  const { plans, sums, total } = action.targets;
  const first = plans[0];
  if (first === undefined) throw new RangeError("a route whose weights are all 0 was accepted");
  if (plans.length === 1) return first;
  const point = random() * total;
  let at = 0;
  while (at < sums.length - 1 && point >= (sums[at] ?? 0)) at++;
  return plans[at] ?? first;
}
