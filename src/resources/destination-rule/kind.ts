import { defineKind } from "../define-kind.ts";
import { optional } from "../schema/fields.ts";
import { meshStatusSchema } from "../schema/status.ts";
import { type DestinationRuleSpec, destinationRuleSpecSchema } from "./schema.ts";
import { destinationRuleWarnings, validateDestinationRule } from "./validate.ts";

export const destinationRuleKind = defineKind({
  group: "networking.istio.io",
  kind: "DestinationRule",
  plural: "destinationrules",
  shortNames: ["dr"],
  categories: ["istio-io", "networking-istio-io"],
  namespaced: true,
  versions: ["v1", "v1beta1", "v1alpha3"],
  description: "How requests are sent to a host, and the named parts of its endpoints.",
  properties: { spec: destinationRuleSpecSchema, status: optional(meshStatusSchema) },
  hasStatus: true,
  columns: [
    {
      name: "Host",
      type: "string",
      description: "Host that the rule is about.",
      priority: 0,
      value: (object) => (object.spec as DestinationRuleSpec).host,
    },
  ],
  fields: "strict",
  validate: validateDestinationRule,
  warnings: destinationRuleWarnings,
});
