// Policies as an Envoy gets them: its listener has a place for those that deny and one for those that allow, and what stands
// in them comes with the routes. So a change holds for the next request on every connection; in the listener, which would be
// another one then, it would not hold for what is open already.
import type { Authorization } from "#config/authorization.ts";
import { fromAny, toAny } from "../any.ts";
import { RBAC_Action } from "../generated/envoy/config/rbac/v3/rbac.ts";
import { RBAC, RBACPerRoute } from "../generated/envoy/extensions/filters/http/rbac/v3/rbac.ts";
import type { HttpFilter } from "../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts";
import type { Any } from "../generated/google/protobuf/any.ts";
import { RBAC_FILTER, toPolicyFilters, typedFilter } from "../http-connection-manager.ts";

const PER_ROUTE = "envoy.extensions.filters.http.rbac.v3.RBACPerRoute";
const SLOTS = { deny: "weft.policies.deny", allow: "weft.policies.allow" } as const;

/** Filters that let everything through where routes do not say otherwise. */
export function policySlots(): HttpFilter[] {
  const nothing = toAny(RBAC_FILTER, RBAC, RBAC.fromPartial({}));
  return Object.values(SLOTS).map((name) => typedFilter(name, nothing));
}

/** What stands in these places, for the routes of a listener. */
export function policiesPerRoute(
  authorization: Authorization,
  workloadPort: number,
): { [filter: string]: Any } {
  const filled = toPolicyFilters(authorization, workloadPort).flatMap(({ configType }) => {
    const rbac =
      configType?.$case === "typedConfig"
        ? fromAny(RBAC_FILTER, RBAC, configType.value)
        : undefined;
    if (rbac === undefined) return [];
    const slot = rbac.rules?.action === RBAC_Action.DENY ? SLOTS.deny : SLOTS.allow;
    return [[slot, toAny(PER_ROUTE, RBACPerRoute, RBACPerRoute.fromPartial({ rbac }))] as const];
  });
  return Object.fromEntries(filled);
}
