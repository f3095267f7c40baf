import type { ForwardAction, PathMatch, RetryPolicy, Rewrite, Route } from "#config/route.ts";

/** The same route in words that Envoy obeys. */
export function adaptRoute(route: Route): Route {
  const { action, match } = route;
  if (action.kind !== "forward") return route;
  const { retry, rewrite, ...rest } = action;
  const adapted: ForwardAction = {
    ...rest,
    ...(retry === undefined ? {} : { retry: adaptRetry(retry) }),
    ...(rewrite === undefined ? {} : { rewrite: adaptRewrite(match.path, rewrite) }),
  };
  return { ...route, action: adapted };
}

/** A request that leaves by this route says that it is for `authority`, unless the route says otherwise. */
export function withAuthority(route: Route, authority: string): Route {
  const { action } = route;
  if (action.kind !== "forward") return route;
  return { ...route, action: { ...action, rewrite: { authority, ...action.rewrite } } };
}

/**
 * Envoy does not ask whether a method is safe: without the user's explicit wish only what never reached the application
 * is tried again.
 */
function adaptRetry(retry: RetryPolicy): RetryPolicy {
  const unsent = ["connect-failure", "refused-stream", "reset-before-request"];
  if (!retry.explicit) return { ...retry, on: unsent, statusCodes: [] };
  // Ours count a connection that broke before anything was sent as one that failed.
  const more = retry.on.includes("connect-failure") ? ["reset-before-request"] : [];
  return { ...retry, on: [...new Set([...retry.on, ...more])] };
}

/** Envoy replaces prefixes byte for byte, and takes an empty replacement for none. */
function adaptRewrite(match: PathMatch, rewrite: Rewrite): Rewrite {
  const { path } = rewrite;
  if (path?.kind !== "prefix" || match.kind !== "prefix") return rewrite;
  if (path.value !== "" && path.value !== "/") return rewrite;
  const prefix = match.value.replace(/\/$/, "").replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  const pattern = match.ignoreCase === true ? `^(?i:${prefix})/?` : `^${prefix}/?`;
  return { ...rewrite, path: { kind: "regex", pattern, substitution: "/" } };
}
