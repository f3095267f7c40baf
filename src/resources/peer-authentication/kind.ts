import type { Issue } from "#core/issue.ts";
import { defineKind } from "../define-kind.ts";
import { rootNamespace } from "../mesh-config/mesh-config.ts";
import type { Resource } from "../resource.ts";
import { checkSelector, issue } from "../schema/checks.ts";
import { fieldPath } from "../schema/field-path.ts";
import { optional } from "../schema/fields.ts";
import { emptySelectorWarning, readSelector } from "../schema/selector.ts";
import { meshStatusSchema } from "../schema/status.ts";
import { type PeerAuthenticationSpec, peerAuthenticationSpecSchema } from "./schema.ts";

const specOf = (object: Resource): PeerAuthenticationSpec =>
  (object.spec ?? {}) as PeerAuthenticationSpec;

export const peerAuthenticationKind = defineKind({
  group: "security.istio.io",
  kind: "PeerAuthentication",
  plural: "peerauthentications",
  shortNames: ["pa"],
  categories: ["istio-io", "security-istio-io"],
  namespaced: true,
  versions: ["v1", "v1beta1"],
  description: "What workloads accept from their callers: mutual TLS, plaintext or both.",
  properties: {
    spec: optional(peerAuthenticationSpecSchema),
    status: optional(meshStatusSchema),
  },
  hasStatus: true,
  columns: [
    {
      name: "Mode",
      type: "string",
      description: "What the workloads accept.",
      priority: 0,
      value: (object) => specOf(object).mtls?.mode,
    },
  ],
  fields: "strict",
  validate: validatePeerAuthentication,
  warnings: (object) => {
    const { selector } = specOf(object);
    const warnings = emptySelectorWarning(selector);
    const inRoot = object.metadata.namespace === rootNamespace;
    if (!inRoot || readSelector(selector) === undefined) return warnings;
    return [
      ...warnings,
      `spec.selector makes this a policy for workloads of ${rootNamespace} only, not for the mesh`,
    ];
  },
});

function validatePeerAuthentication(object: Resource): readonly Issue[] {
  const { selector, portLevelMtls } = specOf(object);
  const ports = Object.keys(portLevelMtls ?? {});
  const issues: Issue[] = [];
  if (ports.length > 0 && readSelector(selector) === undefined)
    issues.push(
      issue(
        "spec.portLevelMtls",
        "invalid",
        "needs a selector: ports are those of particular workloads",
      ),
    );
  for (const port of ports)
    if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535)
      issues.push(
        issue(
          fieldPath("spec.portLevelMtls", port),
          "invalid",
          `expected a port from 1 to 65535, got "${port}"`,
        ),
      );
  return [...issues, ...checkSelector(selector?.matchLabels, "spec.selector.matchLabels")];
}
