import { describe, expect, test } from "bun:test";
import { type ForwardAction, noHeaderEdits, type RetryPolicy, type Route } from "#config/route.ts";
import { adaptRoute, withAuthority } from "./adapt-route.ts";

const retry: RetryPolicy = {
  attempts: 2,
  on: ["connect-failure", "unavailable", "retriable-status-codes"],
  statusCodes: [503],
  backoffBaseMs: 25,
  backoffMaxMs: 250,
  hostSelectionAttempts: 5,
  explicit: false,
};
const route = (action: Partial<ForwardAction>, prefix = "/"): Route => ({
  name: "r",
  match: { path: { kind: "prefix", value: prefix }, headers: [], query: [] },
  action: { kind: "forward", clusters: [], ...action },
  requestHeaders: noHeaderEdits,
  responseHeaders: noHeaderEdits,
});
const forward = ({ action }: Route): ForwardAction => {
  if (action.kind !== "forward") throw new Error("the route forwards");
  return action;
};

describe("retries for an Envoy", () => {
  test("without the user's wish are for what never reached the application only", () => {
    const { on, statusCodes } = forward(adaptRoute(route({ retry }))).retry ?? retry;
    expect(on).toEqual(["connect-failure", "refused-stream", "reset-before-request"]);
    expect(statusCodes).toEqual([]);
  });

  test("that the user wrote stay as written, and count what broke before it was sent", () => {
    const written = { ...retry, explicit: true };
    const { on, statusCodes } = forward(adaptRoute(route({ retry: written }))).retry ?? retry;
    expect(on).toEqual([...retry.on, "reset-before-request"]);
    expect(statusCodes).toEqual([503]);
  });
});

describe("a rewrite of a prefix for an Envoy", () => {
  const rewritten = (value: string, prefix: string) =>
    forward(adaptRoute(route({ rewrite: { path: { kind: "prefix", value } } }, prefix))).rewrite
      ?.path;

  test("to / leaves no double slash behind", () => {
    expect(rewritten("/", "/v1.0")).toEqual({
      kind: "regex",
      pattern: "^/v1\\.0/?",
      substitution: "/",
    });
  });

  test("to anything else replaces octet for octet, as Envoy does", () => {
    expect(rewritten("/new", "/v1")).toEqual({ kind: "prefix", value: "/new" });
  });
});

test("a port of one destination says its name, unless the route says another", () => {
  expect(forward(withAuthority(route({}), "db:80")).rewrite).toEqual({ authority: "db:80" });
  const own = route({ rewrite: { authority: "other" } });
  expect(forward(withAuthority(own, "db:80")).rewrite).toEqual({ authority: "other" });
});
