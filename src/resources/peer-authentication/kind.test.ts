import { expect, test } from "bun:test";
import { problemsOf } from "../../../test/support/read-resource.ts";
import { peerAuthenticationKind } from "./kind.ts";
import { readPeerAuthentication } from "./read.ts";

const selector = { matchLabels: { app: "a" } };

test.each([
  [{ mtls: { mode: "STRIKT" } }, ["spec.mtls.mode: invalid"]],
  [{ portLevelMtls: { 80: { mode: "STRICT" } } }, ["spec.portLevelMtls: invalid"]],
  [
    { selector, portLevelMtls: { 0: {}, http: {} } },
    ["spec.portLevelMtls[0]: invalid", "spec.portLevelMtls.http: invalid"],
  ],
  [{ selector: { matchLabels: { app: "a*" } } }, ["spec.selector.matchLabels.app: invalid"]],
  [{ selector: { matchExpressions: [] } }, ["spec.selector.matchExpressions: unknown-field"]],
  [{}, []],
])("%j has the problems %j", (spec, expected) => {
  expect(problemsOf(peerAuthenticationKind, { spec })).toEqual(expected);
});

test("an object without a spec leaves everything to wider policies", () => {
  const object = {
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: { name: "a", namespace: "shop" },
  };
  expect(problemsOf(peerAuthenticationKind, {})).toEqual([]);
  expect(readPeerAuthentication(object).mode).toBe("unset");
});

test("a selector in the root namespace is warned about, since it is no policy of the mesh", () => {
  const warnings = peerAuthenticationKind.warnings?.({
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: { name: "a", namespace: "istio-system" },
    spec: { selector },
  });
  expect(warnings).toHaveLength(1);
});
