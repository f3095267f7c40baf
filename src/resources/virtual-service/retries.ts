import type { Issue } from "#core/issue.ts";
import { issue } from "../schema/checks.ts";
import { durationMs } from "../schema/duration.ts";
import { didYouMean } from "../schema/nearest.ts";
import type { RetriesSpec } from "./schema.ts";
import type { HttpRetries } from "./virtual-service.ts";

/** Envoy's conditions that a proxy acts on. */
const retryConditions = [
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "connect-failure",
  "retriable-4xx",
  "refused-stream",
  "retriable-status-codes",
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
] as const;

const notYet = ["envoy-ratelimited", "retriable-headers", "http3-post-connect-failure"];

/** Istio's, when a block does not say. */
const defaultConditions =
  "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes";

const defaultBackoffMs = 25;
const backoffFactor = 10;

export function validateRetries(retries: RetriesSpec, path: string): readonly Issue[] {
  const { attempts, ...rest } = retries;
  const others = Object.keys(rest);
  if (attempts === 0 && others.length > 0)
    return [
      issue(
        `${path}.attempts`,
        "invalid",
        `0 turns retries off, so ${others.join(" and ")} would do nothing; remove them, or write attempts of 1 or more`,
      ),
    ];
  return wordsOf(retries.retryOn ?? "").flatMap((word) => checkCondition(word, `${path}.retryOn`));
}

function checkCondition(word: string, path: string): readonly Issue[] {
  if (/^\d+$/.test(word)) {
    const code = Number(word);
    return code >= 100 && code <= 599
      ? []
      : [issue(path, "invalid", `${word} is not an HTTP status`)];
  }
  if ((retryConditions as readonly string[]).includes(word)) return [];
  const expected = `expected status codes, or some of ${retryConditions.join(", ")}`;
  if (notYet.includes(word))
    return [
      issue(
        path,
        "unsupported-value",
        `${word} is not supported by this version of Weft; ${expected}`,
      ),
    ];
  return [
    issue(
      path,
      "invalid",
      `unknown condition "${word}"; ${expected}${didYouMean(word, retryConditions)}`,
    ),
  ];
}

export function readRetries(spec: RetriesSpec): HttpRetries {
  const words = wordsOf(spec.retryOn || defaultConditions);
  const statusCodes = words.filter((word) => /^\d+$/.test(word)).map(Number);
  const conditions = words.filter((word) => !/^\d+$/.test(word));
  const withCodes = statusCodes.length > 0 ? [...conditions, "retriable-status-codes"] : conditions;
  const backoffBaseMs = spec.backoff === undefined ? defaultBackoffMs : durationMs(spec.backoff);
  return {
    attempts: spec.attempts,
    ...(spec.perTryTimeout === undefined
      ? {}
      : { perTryTimeoutMs: durationMs(spec.perTryTimeout) }),
    on: [...new Set(withCodes)],
    statusCodes,
    backoffBaseMs,
    backoffMaxMs: backoffBaseMs * backoffFactor,
    ignorePreviousHosts: spec.retryIgnorePreviousHosts ?? true,
  };
}

function wordsOf(list: string): readonly string[] {
  return list
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}
