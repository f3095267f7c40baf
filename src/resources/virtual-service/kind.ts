import { defineKind } from "../define-kind.ts";
import type { Resource } from "../resource.ts";
import { optional } from "../schema/fields.ts";
import { meshStatusSchema } from "../schema/status.ts";
import { type VirtualServiceSpec, virtualServiceSpecSchema } from "./schema.ts";
import { validateVirtualService } from "./validate.ts";
import { virtualServiceWarnings } from "./warnings.ts";

const specOf = (object: Resource): VirtualServiceSpec => object.spec as VirtualServiceSpec;

export const virtualServiceKind = defineKind({
  group: "networking.istio.io",
  kind: "VirtualService",
  plural: "virtualservices",
  shortNames: ["vs"],
  categories: ["istio-io", "networking-istio-io"],
  namespaced: true,
  versions: ["v1", "v1beta1", "v1alpha3"],
  description:
    "How requests to some hosts are routed: which go where, and what happens on the way.",
  properties: { spec: virtualServiceSpecSchema, status: optional(meshStatusSchema) },
  hasStatus: true,
  columns: [
    {
      name: "Gateways",
      type: "string",
      description: "Where the rules hold.",
      priority: 0,
      value: (object) => specOf(object).gateways && JSON.stringify(specOf(object).gateways),
    },
    {
      name: "Hosts",
      type: "string",
      description: "Hosts that the rules hold for.",
      priority: 0,
      value: (object) => JSON.stringify(specOf(object).hosts),
    },
  ],
  fields: "strict",
  validate: validateVirtualService,
  warnings: virtualServiceWarnings,
});
