import type { Issue } from "#core/issue.ts";
import { defineKind } from "../define-kind.ts";
import { isDnsSubdomain } from "../names.ts";
import type { Resource } from "../resource.ts";
import { issue } from "../schema/checks.ts";
import { optional } from "../schema/fields.ts";
import { meshStatusSchema } from "../schema/status.ts";
import { validateRetries } from "../virtual-service/retries.ts";
import { type MeshConfigSpec, meshConfigSpecSchema } from "./schema.ts";

/** There is one mesh, so there is one object; it belongs to no namespace. */
const meshConfigName = "default";

const specOf = (object: Resource): MeshConfigSpec => (object.spec ?? {}) as MeshConfigSpec;

export const meshConfigKind = defineKind({
  group: "weft.dev",
  kind: "MeshConfig",
  plural: "meshconfigs",
  shortNames: ["mc"],
  categories: ["weft"],
  namespaced: false,
  versions: ["v1"],
  description: "Settings of the whole mesh. The one object is named default.",
  properties: { spec: optional(meshConfigSpecSchema), status: optional(meshStatusSchema) },
  hasStatus: true,
  columns: [
    {
      name: "Outbound",
      type: "string",
      description: "What happens to requests that leave the mesh.",
      priority: 0,
      value: (object) => specOf(object).outboundTrafficPolicy?.mode ?? "ALLOW_ANY",
    },
    {
      name: "Paths",
      type: "string",
      description: "How paths are normalised.",
      priority: 0,
      value: (object) => specOf(object).pathNormalization?.normalization ?? "BASE",
    },
  ],
  fields: "strict",
  validate: validateMeshConfig,
});

function validateMeshConfig(object: Resource): readonly Issue[] {
  const { trustDomain, defaultHttpRetryPolicy } = specOf(object);
  const { name } = object.metadata;
  const issues: Issue[] = [];
  if (name !== undefined && name !== meshConfigName)
    issues.push(
      issue(
        "metadata.name",
        "invalid",
        `there is one MeshConfig, and its name is "${meshConfigName}"`,
      ),
    );
  if (trustDomain !== undefined && !isDnsSubdomain(trustDomain))
    issues.push(
      issue(
        "spec.trustDomain",
        "invalid",
        `"${trustDomain}" is not a trust domain, such as cluster.local`,
      ),
    );
  if (!defaultHttpRetryPolicy) return issues;
  return [...issues, ...validateRetries(defaultHttpRetryPolicy, "spec.defaultHttpRetryPolicy")];
}
