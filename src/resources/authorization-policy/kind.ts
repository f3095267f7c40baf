import { defineKind } from "../define-kind.ts";
import type { Resource } from "../resource.ts";
import { optional } from "../schema/fields.ts";
import { meshStatusSchema } from "../schema/status.ts";
import { type AuthorizationPolicySpec, authorizationPolicySpecSchema } from "./schema.ts";
import { validateAuthorizationPolicy } from "./validate.ts";
import { authorizationPolicyWarnings } from "./warnings.ts";

const specOf = (object: Resource): AuthorizationPolicySpec =>
  (object.spec ?? {}) as AuthorizationPolicySpec;

export const authorizationPolicyKind = defineKind({
  group: "security.istio.io",
  kind: "AuthorizationPolicy",
  plural: "authorizationpolicies",
  shortNames: ["ap"],
  categories: ["istio-io", "security-istio-io"],
  namespaced: true,
  versions: ["v1", "v1beta1"],
  description: "Who may do what with some workloads.",
  properties: {
    spec: optional(authorizationPolicySpecSchema),
    status: optional(meshStatusSchema),
  },
  hasStatus: true,
  columns: [
    {
      name: "Action",
      type: "string",
      description: "What happens to requests that a rule fits.",
      priority: 0,
      value: (object) => specOf(object).action,
    },
  ],
  fields: "strict",
  validate: validateAuthorizationPolicy,
  warnings: authorizationPolicyWarnings,
});
