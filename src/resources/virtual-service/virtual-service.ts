import type { ExportTo } from "../export-to.ts";
import type { ObjectIdentity } from "../identity.ts";
import type { LabelSet, NamedMatch, StringMatch } from "../matching.ts";
import type { TcpRoute, TlsRoute } from "./connection-route.ts";
import type { Destination } from "./destination.ts";

export interface VirtualService {
  readonly object: ObjectIdentity;
  /** Completed with the rule's namespace, lower case; may begin with `*.`. */
  readonly hosts: readonly string[];
  readonly exportTo: ExportTo;
  /** Of each list the first whose match holds is used; at least one of them is not empty. */
  readonly http: readonly HttpRoute[];
  readonly tls: readonly TlsRoute[];
  readonly tcp: readonly TcpRoute[];
}

export interface HttpRoute {
  readonly name?: string;
  /** Any of these; empty: every request. */
  readonly match: readonly HttpMatch[];
  readonly action: HttpAction;
  readonly headers: HeaderOperations;
}

/** All conditions must hold. The last three lists of conditions are about the caller, and known when compiling. */
export interface HttpMatch {
  readonly name?: string;
  readonly uri?: StringMatch;
  /** For `exact` and `prefix` of `uri`. */
  readonly ignoreUriCase: boolean;
  readonly scheme?: StringMatch;
  readonly method?: StringMatch;
  readonly authority?: StringMatch;
  readonly headers: readonly NamedMatch[];
  /** None of these may hold; an absent header satisfies it. */
  readonly withoutHeaders: readonly NamedMatch[];
  readonly queryParams: readonly NamedMatch[];
  /** The service's port that was called. */
  readonly port?: number;
  readonly sourceLabels: LabelSet;
  readonly sourceNamespace?: string;
}

export type HttpAction = HttpForward | HttpRedirect | HttpRespond;

export interface HttpForward {
  readonly kind: "forward";
  /** Never empty. The weight of a single destination is 1; otherwise the sum is above 0. */
  readonly destinations: readonly HttpDestination[];
  readonly rewrite?: HttpRewrite;
  /** Absent: no limit. */
  readonly timeoutMs?: number;
  /** Absent: the mesh's default. `attempts` of 0: none. */
  readonly retries?: HttpRetries;
}

export interface HttpDestination extends Destination {
  readonly weight: number;
  readonly headers: HeaderOperations;
}

export interface HttpRewrite {
  /** Replaces the matched prefix under a prefix match, else the whole path. */
  readonly uri?: string;
  /** Pattern in RE2, `\1` for groups. Never together with `uri`. */
  readonly uriRegex?: { readonly pattern: string; readonly substitution: string };
  readonly authority?: string;
}

export interface HttpRetries {
  /** Tries after the first. */
  readonly attempts: number;
  /** Absent: as the route's timeout. */
  readonly perTryTimeoutMs?: number;
  /** Conditions in Envoy's words, without the numbers. */
  readonly on: readonly string[];
  /** From numbers in `retryOn`; then `on` has `retriable-status-codes`. */
  readonly statusCodes: readonly number[];
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** Prefer hosts that this request has not tried yet. */
  readonly ignorePreviousHosts: boolean;
}

export interface HttpRedirect {
  readonly kind: "redirect";
  readonly path?: { readonly kind: "path" | "prefix"; readonly value: string };
  readonly authority?: string;
  /** Absent: as the request's. */
  readonly port?: number | "from-protocol" | "from-request";
  readonly scheme?: "http" | "https";
  readonly status: number;
}

export interface HttpRespond {
  readonly kind: "respond";
  readonly status: number;
  readonly body: string;
}

export interface HeaderOperations {
  readonly request: HeaderOperation;
  readonly response: HeaderOperation;
}

/** The same shape as the configuration's `HeaderEdits`. */
export interface HeaderOperation {
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly add: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
}
