import { defineKind } from "../define-kind.ts";
import type { Resource } from "../resource.ts";
import { optional } from "../schema/fields.ts";
import { meshStatusSchema } from "../schema/status.ts";
import { type ServiceEntrySpec, serviceEntrySpecSchema } from "./schema.ts";
import { serviceEntryWarnings, validateServiceEntry } from "./validate.ts";

const specOf = (object: Resource): ServiceEntrySpec => object.spec as ServiceEntrySpec;

export const serviceEntryKind = defineKind({
  group: "networking.istio.io",
  kind: "ServiceEntry",
  plural: "serviceentries",
  shortNames: ["se"],
  categories: ["istio-io", "networking-istio-io"],
  namespaced: true,
  versions: ["v1", "v1beta1", "v1alpha3"],
  description: "A service that is not a Service: outside the mesh, or on machines of its own.",
  properties: { spec: serviceEntrySpecSchema, status: optional(meshStatusSchema) },
  hasStatus: true,
  columns: [
    {
      name: "Hosts",
      type: "string",
      description: "Names of the service.",
      priority: 0,
      value: (object) => JSON.stringify(specOf(object).hosts),
    },
    {
      name: "Location",
      type: "string",
      description: "Outside or inside the mesh.",
      priority: 0,
      value: (object) => specOf(object).location,
    },
    {
      name: "Resolution",
      type: "string",
      description: "How endpoints are found.",
      priority: 0,
      value: (object) => specOf(object).resolution,
    },
  ],
  fields: "strict",
  validate: validateServiceEntry,
  warnings: serviceEntryWarnings,
});
