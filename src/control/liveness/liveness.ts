import type { NewCondition } from "#resources/status.ts";
import type { ProxySession } from "../sessions/proxy-sessions.ts";
import { type ObjectId, originsIn } from "./origins-in.ts";

/** How far an object has got: how many proxies it concerns, and how many of those run it. */
export interface Liveness {
  readonly proxies: number;
  readonly live: number;
  /** The first refusal, in the proxy's words. */
  readonly rejection?: string;
}

/** By object, over all sessions. Objects that concern nobody are not in it. */
export function livenessOf(sessions: readonly ProxySession[]): ReadonlyMap<ObjectId, Liveness> {
  const all = new Map<ObjectId, Liveness>();
  for (const session of sessions) {
    const isLive = session.syncedThrough >= session.changedAt;
    for (const id of originsIn(session.snapshot)) {
      const { proxies, live, rejection } = all.get(id) ?? { proxies: 0, live: 0 };
      const refused = rejection ?? session.nacked;
      all.set(id, {
        proxies: proxies + 1,
        live: live + (isLive ? 1 : 0),
        ...(refused === undefined ? {} : { rejection: refused }),
      });
    }
  }
  return all;
}

/** The condition `Live`: what `kubectl wait --for=condition=Live` waits for. */
export function liveCondition(liveness: Liveness | undefined, generation: number): NewCondition {
  const condition = { type: "Live", observedGeneration: generation } as const;
  if (!liveness)
    return {
      ...condition,
      status: "Unknown",
      reason: "NoProxies",
      message: "no connected proxy is affected",
    };
  const { proxies, live, rejection } = liveness;
  const message = `live on ${live} of ${proxies} affected proxies`;
  if (live === proxies) return { ...condition, status: "True", reason: "Acknowledged", message };
  if (rejection !== undefined)
    return {
      ...condition,
      status: "False",
      reason: "Rejected",
      message: `${message}: ${rejection}`,
    };
  return { ...condition, status: "False", reason: "Waiting", message };
}

/** The condition `ReferencesResolved`: what the object names and does not exist. */
export function referencesCondition(warnings: readonly string[], generation: number): NewCondition {
  const isGood = warnings.length === 0;
  return {
    type: "ReferencesResolved",
    observedGeneration: generation,
    status: isGood ? "True" : "False",
    reason: isGood ? "Resolved" : "Missing",
    message: isGood ? "everything that it names exists" : warnings.join("; "),
  };
}
