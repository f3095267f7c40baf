import type { Authorization, Policy } from "#config/authorization.ts";
import type { HttpSettings } from "#config/listener.ts";
import { emptyAny, fromAny, toAny } from "./any.ts";
import { fromConditionText, toConditionText, toPrincipal } from "./condition.ts";
import { adsSource } from "./config-source.ts";
import { toDuration } from "./duration.ts";
import type { Filter } from "./generated/envoy/config/listener/v3/listener_components.ts";
import { Policy as PolicyMessage, RBAC_Action } from "./generated/envoy/config/rbac/v3/rbac.ts";
import { RBAC } from "./generated/envoy/extensions/filters/http/rbac/v3/rbac.ts";
import {
  HttpConnectionManager,
  type HttpFilter,
  HttpConnectionManager_ServerHeaderTransformation as ServerHeader,
  HttpConnectionManager_PathWithEscapedSlashesAction as SlashAction,
} from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts";
import { http1Options } from "./http-protocol.ts";
import { asFields, fromOrigin, toOrigin } from "./metadata.ts";

export const MANAGER =
  "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
export const RBAC_FILTER = "envoy.extensions.filters.http.rbac.v3.RBAC";
const ROUTER = "envoy.extensions.filters.http.router.v3.Router";

type RouteSpecifier = HttpConnectionManager["routeSpecifier"];
type Normalization = HttpSettings["pathNormalization"];

export interface ManagerParts {
  readonly statPrefix: string;
  readonly normalization: Normalization;
  readonly routes: RouteSpecifier;
  readonly filters: readonly HttpFilter[];
}

/** The network filter that speaks HTTP. Bodies and idle streams have no time limit here: routes have theirs. */
export function toManager({ statPrefix, normalization, routes, filters }: ManagerParts): Filter {
  const manager: HttpConnectionManager = {
    ...HttpConnectionManager.create(),
    statPrefix,
    routeSpecifier: routes,
    httpFilters: [...filters, typedFilter("envoy.filters.http.router", emptyAny(ROUTER))],
    httpProtocolOptions: http1Options(),
    streamIdleTimeout: toDuration(0),
    serverHeaderTransformation: ServerHeader.PASS_THROUGH,
    normalizePath: normalization !== "none",
    mergeSlashes: normalization === "merge-slashes" || normalization === "decode-and-merge-slashes",
    pathWithEscapedSlashesAction:
      normalization === "decode-and-merge-slashes"
        ? SlashAction.UNESCAPE_AND_FORWARD
        : SlashAction.KEEP_UNCHANGED,
  };
  return {
    name: "envoy.filters.network.http_connection_manager",
    configType: { $case: "typedConfig", value: toAny(MANAGER, HttpConnectionManager, manager) },
  };
}

/** Undefined when the filter is another one. */
export function fromManager(filter: Filter | undefined): HttpConnectionManager | undefined {
  const type = filter?.configType;
  return type?.$case === "typedConfig"
    ? fromAny(MANAGER, HttpConnectionManager, type.value)
    : undefined;
}

export function fromNormalization(manager: HttpConnectionManager): Normalization {
  if (manager.normalizePath !== true) return "none";
  if (!manager.mergeSlashes) return "base";
  return manager.pathWithEscapedSlashesAction === SlashAction.UNESCAPE_AND_FORWARD
    ? "decode-and-merge-slashes"
    : "merge-slashes";
}

export function fromRdsName(manager: HttpConnectionManager): string {
  const specifier = manager.routeSpecifier;
  return specifier?.$case === "rds" ? specifier.value.routeConfigName : "";
}

export function toRds(routeConfigName: string): RouteSpecifier {
  return { $case: "rds", value: { routeConfigName, configSource: adsSource() } };
}

/** DENY before ALLOW; no filter where no policy of the kind selects the workload. */
export function toPolicyFilters(
  { deny, allow }: Authorization,
  workloadPort: number,
): HttpFilter[] {
  const filters: HttpFilter[] = [];
  if (deny.length > 0) filters.push(toPolicyFilter(RBAC_Action.DENY, deny, workloadPort));
  if (allow !== undefined) filters.push(toPolicyFilter(RBAC_Action.ALLOW, allow, workloadPort));
  return filters;
}

function toPolicyFilter(
  action: RBAC_Action,
  policies: readonly Policy[],
  workloadPort: number,
): HttpFilter {
  const toMessage = ({ name, when }: Policy): [string, PolicyMessage] => [
    name,
    PolicyMessage.fromPartial({
      permissions: [{ rule: { $case: "any", value: true } }],
      principals: [toPrincipal(when, workloadPort)],
    }),
  ];
  const rules = { action, policies: Object.fromEntries(policies.map(toMessage)) };
  return typedFilter(
    "envoy.filters.http.rbac",
    toAny(RBAC_FILTER, RBAC, RBAC.fromPartial({ rules })),
  );
}

export function typedFilter(name: string, value: ReturnType<typeof emptyAny>): HttpFilter {
  return { name, configType: { $case: "typedConfig", value }, isOptional: false, disabled: false };
}

/** Condition and origin of each policy by its name, for our metadata. */
export function toPolicyNotes({
  deny,
  allow = [],
}: Authorization): Record<string, unknown> | undefined {
  const policies = [...deny, ...allow];
  if (policies.length === 0) return undefined;
  return Object.fromEntries(
    policies.map(({ name, origin, when }) => [
      name,
      { when: toConditionText(when), origin: toOrigin(origin) },
    ]),
  );
}

/** Throws XdsError when a policy has no condition that we can read: a policy is never guessed. */
export function fromPolicies(manager: HttpConnectionManager, notes: unknown): Authorization {
  const filters = manager.httpFilters.map(({ configType }) =>
    configType?.$case === "typedConfig"
      ? fromAny(RBAC_FILTER, RBAC, configType.value)?.rules
      : undefined,
  );
  const read = (action: RBAC_Action): readonly Policy[] | undefined => {
    const rules = filters.find((each) => each?.action === action);
    return rules && Object.keys(rules.policies).map((name) => fromPolicy(name, asFields(notes)));
  };
  const allow = read(RBAC_Action.ALLOW);
  return { deny: read(RBAC_Action.DENY) ?? [], ...(allow === undefined ? {} : { allow }) };
}

function fromPolicy(name: string, notes: Readonly<Record<string, unknown>>): Policy {
  const { when, origin } = asFields(notes[name]);
  return { name, origin: fromOrigin(origin), when: fromConditionText(when) };
}
