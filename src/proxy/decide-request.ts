import type { LocalReply } from "#http/exchange.ts";
import type { Failure } from "./local-reply.ts";
import { authorize, explainDenial } from "./policy/authorize.ts";
import { localFields } from "./request-edits.ts";
import type { RequestRecord } from "./request-record.ts";
import type { ForwardPlan, RedirectPlan, RespondPlan } from "./router/compiled-route.ts";
import { normalizePath } from "./router/normalize-path.ts";
import { passthroughPlan } from "./router/passthrough-plan.ts";
import { planRequest } from "./router/plan-request.ts";
import type { RequestFacts } from "./router/request-facts.ts";

/** What is to be done with a request, or why nothing is. */
export type Decision = ForwardPlan | RedirectPlan | RespondPlan | Refusal;

export interface Refusal {
  readonly kind: "refuse";
  readonly failure: Failure;
  /** For the access log, when the policy that decided has a name. */
  readonly details?: string;
}

/** Normalises the path, asks the policy, then the routes: in this order, on the same string. */
export function decideRequest(record: RequestRecord): Decision {
  const { listener } = record.downstream;
  const path = normalizePath(record.path, listener.config.http.pathNormalization);
  if (path === undefined) return refuse("bad-path", "the path holds NUL or an invalid escape");
  record.isPathChanged = path !== record.path;
  record.path = path;
  if (listener.kind === "inbound") {
    const denied = authorize(listener.authorization, record);
    if (denied !== undefined) {
      const { app } = record.runtime.self;
      const message = explainDenial(listener.authorization, record, denied, app);
      return { ...refuse("denied-by-policy", message), details: denied.details };
    }
  }
  return planOf(record);
}

function planOf(record: RequestRecord): Decision {
  const { listener, fallbackAuthority } = record.downstream;
  const { random } = record.runtime;
  let plan = planRequest(listener.table, record, random);
  if (plan.kind === "unknown-host" && fallbackAuthority !== undefined) {
    record.authority = fallbackAuthority;
    plan = planRequest(listener.table, record, random);
  }
  if (plan.kind === "no-route")
    return refuse(
      "no-route",
      `${record.authority}: no route of ${plan.host.name} matches ${record.method} ${record.path}`,
    );
  if (plan.kind !== "unknown-host") return plan;
  const { config } = listener;
  if (
    config.kind === "outbound" &&
    config.unknownHosts === "passthrough" &&
    record.authority !== ""
  )
    return passthroughPlan;
  return refuse("unknown-host", `${record.authority || "(no host)"} is not a host of the mesh`);
}

function refuse(code: Failure["code"], message: string): Refusal {
  return { kind: "refuse", failure: { code, message } };
}

/** The whole answer of a route that answers by itself. */
export function routeReply(plan: RedirectPlan | RespondPlan, facts: RequestFacts): LocalReply {
  const { status } = plan;
  const fields = localFields(plan.responseEdits);
  if (plan.kind === "redirect")
    return { status, fields: [["location", plan.locationOf(facts)], ...fields], body: "" };
  const type = ["content-type", "text/plain"] as const;
  return { status, fields: plan.body === "" ? fields : [type, ...fields], body: plan.body };
}
