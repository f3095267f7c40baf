import type { RequestHead } from "#http/exchange.ts";
import { fieldName } from "#wire/http1/field-name.ts";
import { HeadEdits } from "#wire/http1/head-edits.ts";
import type { Downstream } from "./downstream.ts";
import { type AcceptEdit, editAccept } from "./protocol-change.ts";
import type { ForwardPlan } from "./router/compiled-route.ts";
import { applyEdits, type PreparedEdits } from "./router/prepared-edits.ts";
import { ID_PARTS, type RequestIds } from "./telemetry/random-ids.ts";

export const FIELD = {
  host: fieldName("host"),
  accept: fieldName("accept"),
  userAgent: fieldName("user-agent"),
  forwardedFor: fieldName("x-forwarded-for"),
  contentType: fieldName("content-type"),
  grpcStatus: fieldName("grpc-status"),
  grpcTimeout: fieldName("grpc-timeout"),
  idempotencyKey: fieldName("idempotency-key"),
  proxyAuthorization: fieldName("proxy-authorization"),
  clientCert: fieldName("x-forwarded-client-cert"),
  peer: fieldName("weft-peer"),
  traceparent: fieldName("traceparent"),
  requestId: fieldName("x-request-id"),
  attemptCount: fieldName("x-envoy-attempt-count"),
  error: fieldName("weft-error"),
  applicationError: fieldName("x-application-weft-error"),
} as const;

/** What editing needs to know of the request; the request's record is one. */
export interface HeadFacts {
  readonly head: RequestHead;
  readonly downstream: Downstream;
  /** Normalised path; the query as it was. */
  readonly path: string;
  readonly query: string;
  readonly isPathChanged: boolean;
  readonly ids: RequestIds;
  readonly attempts: number;
}

/**
 * The changes of one try: those of `headerTable`, then those of the route. `peerLine` is given on the first request of a
 * connection to another proxy.
 */
export function editRequest(
  edits: HeadEdits,
  facts: HeadFacts,
  plan: ForwardPlan,
  peerLine: string | undefined,
): HeadEdits {
  const { head, downstream, query } = facts;
  edits.clear();
  if (plan.rewritePath !== undefined || facts.isPathChanged) {
    const path = plan.rewritePath === undefined ? facts.path : plan.rewritePath(facts.path);
    edits.target = query === "" ? path : `${path}?${query}`;
  }
  const authority = plan.authority ?? downstream.authority;
  if (authority !== undefined) edits.set(FIELD.host, authority);
  editIdentity(edits, head, downstream, peerLine);
  addIds(edits, facts);
  if (facts.attempts > 1) edits.set(FIELD.attemptCount, String(facts.attempts));
  if (plan.requestEdits !== undefined) applyEdits(plan.requestEdits, edits);
  return edits;
}

function addIds(edits: HeadEdits, { head, ids }: HeadFacts): void {
  const { makesTraceparent, makesRequestId } = ids;
  if (makesTraceparent && head.has(FIELD.traceparent)) edits.remove(FIELD.traceparent); // it was malformed
  if (!makesTraceparent && !makesRequestId) return;
  const { from } = makesTraceparent ? ID_PARTS.traceparentLine : ID_PARTS.requestIdLine;
  const { to } = makesRequestId ? ID_PARTS.requestIdLine : ID_PARTS.traceparentLine;
  edits.addRun(ids.lines, from, to);
}

/** What says who somebody is comes from certificates and the kernel, never from the message. */
function editIdentity(
  edits: HeadEdits,
  head: RequestHead,
  { listener, clientCertField }: Downstream,
  peerLine: string | undefined,
): void {
  if (listener.kind === "outbound" && head.has(FIELD.proxyAuthorization))
    edits.remove(FIELD.proxyAuthorization);
  if (peerLine !== undefined) edits.set(FIELD.peer, peerLine);
  else if (head.has(FIELD.peer)) edits.remove(FIELD.peer);
  if (clientCertField !== undefined) edits.set(FIELD.clientCert, clientCertField);
  else if (head.has(FIELD.clientCert)) edits.remove(FIELD.clientCert);
}

/** Nobody but a proxy may say `weft-error`: an application's own field gets another name. */
const renameOnly = new HeadEdits().rename(FIELD.error, FIELD.applicationError);

/** `fromProxy`: the answer comes over mutual TLS from another proxy, whose word is kept. */
export function editResponse(
  edits: HeadEdits,
  prepared: PreparedEdits | undefined,
  fromProxy: boolean,
): HeadEdits | undefined {
  if (prepared === undefined) return fromProxy ? undefined : renameOnly;
  edits.clear();
  if (!fromProxy) edits.rename(FIELD.error, FIELD.applicationError);
  applyEdits(prepared, edits);
  return edits;
}

/** As `editResponse`, for the answer to a WebSocket whose accept field changes. */
export function editUpgraded(
  edits: HeadEdits,
  prepared: PreparedEdits | undefined,
  fromProxy: boolean,
  accept: AcceptEdit,
): HeadEdits {
  edits.clear();
  if (!fromProxy) edits.rename(FIELD.error, FIELD.applicationError);
  if (prepared !== undefined) applyEdits(prepared, edits);
  editAccept(edits, accept);
  return edits;
}

/** Lines of prepared edits as fields of an answer that is made here. */
export function localFields(
  prepared: PreparedEdits | undefined,
): readonly (readonly [name: string, value: string])[] {
  if (prepared === undefined) return [];
  const added = prepared.added
    .split("\r\n")
    .filter((line) => line !== "")
    .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)] as const);
  return [...prepared.set.map(([name, value]) => [name.text, value] as const), ...added];
}
