import { defineKind } from "../define-kind.ts";
import { optional } from "../schema/fields.ts";
import { meshStatusSchema } from "../schema/status.ts";
import { type WorkloadAddressSpec, workloadAddressSchema } from "./schema.ts";
import { validateWorkloadEntry } from "./validate.ts";

export const workloadEntryKind = defineKind({
  group: "networking.istio.io",
  kind: "WorkloadEntry",
  plural: "workloadentries",
  shortNames: ["we"],
  categories: ["istio-io", "networking-istio-io"],
  namespaced: true,
  versions: ["v1", "v1beta1", "v1alpha3"],
  description:
    "A workload that services select by its labels. A proxy that starts writes one for the workload beside it.",
  properties: { spec: workloadAddressSchema, status: optional(meshStatusSchema) },
  hasStatus: true,
  columns: [
    {
      name: "Address",
      type: "string",
      description: "Where the workload answers.",
      priority: 0,
      value: (object) => (object.spec as WorkloadAddressSpec).address,
    },
  ],
  fields: "strict",
  validate: validateWorkloadEntry,
});
