import type { ConnectionRoutes } from "./connection-routes.ts";
import type { Origin } from "./origin.ts";
import type { HeaderMatch, QueryMatch } from "./string-match.ts";

/** The routes that one outbound (or inbound) listener uses. With `vhds` its hosts travel one by one. */
export interface RouteConfiguration {
  readonly name: string;
  readonly vhds: boolean;
  readonly virtualHosts: readonly VirtualHost[];
}

export interface VirtualHost {
  /** Unique within its route configuration; the VHDS resource is `<route configuration>/<name>`. */
  readonly name: string;
  /** `host`, `host:port`, `*.suffix`, `*`; lower case. */
  readonly domains: readonly string[];
  /** First match wins. */
  readonly routes: readonly Route[];
  /** Absent: the host carries requests only. */
  readonly connections?: ConnectionRoutes;
  readonly origins: Origins;
}

/**
 * From field path inside the configuration value to the user's object: `""` the value itself, `routes[0]`,
 * `routes[0].clusters[1]`, `limits`, `outlierDetection`. Longest known prefix explains a field.
 */
export type Origins = Readonly<Record<string, Origin>>;

export interface Route {
  readonly name: string;
  readonly match: RouteMatch;
  readonly action: RouteAction;
  readonly requestHeaders: HeaderEdits;
  readonly responseHeaders: HeaderEdits;
}

export interface RouteMatch {
  /** Compared with the normalised path without its query. `prefix` is a string prefix. */
  readonly path: PathMatch;
  readonly headers: readonly HeaderMatch[];
  readonly query: readonly QueryMatch[];
}

export type PathMatch =
  | { readonly kind: "exact"; readonly value: string; readonly ignoreCase?: boolean }
  | { readonly kind: "prefix"; readonly value: string; readonly ignoreCase?: boolean }
  | { readonly kind: "regex"; readonly value: string };

export type RouteAction = ForwardAction | RedirectAction | RespondAction;

export interface ForwardAction {
  readonly kind: "forward";
  /** Never empty; weights relative, a weight of 0 is never chosen, the sum is above 0. */
  readonly clusters: readonly WeightedCluster[];
  readonly rewrite?: Rewrite;
  /** Whole exchange, retries included; absent: no limit. */
  readonly timeoutMs?: number;
  readonly retry?: RetryPolicy;
}

export interface WeightedCluster {
  readonly cluster: string;
  readonly weight: number;
  readonly requestHeaders: HeaderEdits;
  readonly responseHeaders: HeaderEdits;
}

export interface Rewrite {
  /** Replaces what the path match matched (`prefix`) or the whole path (`path`), or the groups of a pattern. */
  readonly path?:
    | { readonly kind: "prefix"; readonly value: string }
    | { readonly kind: "path"; readonly value: string }
    | { readonly kind: "regex"; readonly pattern: string; readonly substitution: string };
  readonly authority?: string;
}

/** Conditions in Envoy's words: `connect-failure`, `refused-stream`, `5xx`, `gateway-error`, `reset`, `reset-before-request`, `retriable-4xx`, `retriable-status-codes`, `unavailable`, `cancelled` … */
export interface RetryPolicy {
  /** Tries after the first. */
  readonly attempts: number;
  readonly on: readonly string[];
  readonly statusCodes: readonly number[];
  /** Absent: as the route's timeout. */
  readonly perTryTimeoutMs?: number;
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** Avoid hosts that this request has already tried, looking again at most this often. 0: do not avoid. */
  readonly hostSelectionAttempts: number;
  /** The user wrote the block: retry what they named, methods that are not safe included. Else only what never reached the application, or safe methods. */
  readonly explicit: boolean;
}

export interface RedirectAction {
  readonly kind: "redirect";
  readonly status: number;
  readonly scheme?: string;
  readonly authority?: string;
  /** A number, or how to derive it. Absent: as the request's. */
  readonly port?: number | "from-protocol" | "from-request";
  readonly path?: { readonly kind: "path" | "prefix"; readonly value: string };
}

export interface RespondAction {
  readonly kind: "respond";
  readonly status: number;
  readonly body: string;
}

/** Applied in the order remove, set, add. Names as the user wrote them. */
export interface HeaderEdits {
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly add: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
}

export const noHeaderEdits: HeaderEdits = { set: [], add: [], remove: [] };
