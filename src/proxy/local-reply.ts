import { type ProxyFailureCode, proxyFailures } from "#core/errors/proxy-failures.ts";
import type { LocalReply } from "#http/exchange.ts";

/** An answer that this proxy makes itself. */
export interface Failure {
  readonly code: ProxyFailureCode;
  /** In words: what was tried, who decided. Goes to the caller, so it holds nothing secret. */
  readonly message: string;
}

/** Who answers: `<workload>/<inbound|outbound>`. */
export interface ReplyMaker {
  readonly by: string;
  readonly recordId: string;
}

/** Names its maker and cause in `weft-error`, and says in words (or JSON, when `accept` prefers it) what happened. */
export function failureReply(
  failure: Failure,
  { by, recordId }: ReplyMaker,
  accept: string | undefined,
): LocalReply {
  const { status, summary, next } = proxyFailures[failure.code];
  const json = accept?.includes("application/json") === true;
  const body = json
    ? `${JSON.stringify({ error: failure.code, message: failure.message, summary, next, by, id: recordId })}\n`
    : `${failure.message}\n\n${summary}\nNext: ${next}\n(${failure.code}; answered by ${by}; record ${recordId})\n`;
  return {
    status,
    fields: [
      ["content-type", json ? "application/json" : "text/plain; charset=utf-8"],
      ["weft-error", `${failure.code}; by=${by}; id=${recordId}`],
      ...extraFields(failure.code),
    ],
    body,
  };
}

function extraFields(code: ProxyFailureCode): readonly (readonly [string, string])[] {
  if (code === "circuit-open") return [["x-envoy-overloaded", "true"]];
  if (code === "proxy-auth-required") return [["proxy-authenticate", 'Basic realm="weft"']];
  return [];
}
