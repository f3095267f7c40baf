import Type from "typebox";
import { defineKind } from "../define-kind.ts";
import type { Resource } from "../resource.ts";
import { list, object, optional, text } from "../schema/fields.ts";
import { conditionsSchema } from "../schema/status.ts";
import { readNamespace } from "./read.ts";

/** The label by which a cluster lets selectors name one namespace. */
const nameLabel = "kubernetes.io/metadata.name";

export const namespaceKind = defineKind({
  group: "",
  kind: "Namespace",
  plural: "namespaces",
  shortNames: ["ns"],
  categories: [],
  namespaced: false,
  versions: ["v1"],
  description: "A scope for names, policies and identities.",
  properties: {
    spec: optional(
      object(
        {
          finalizers: optional(
            list(Type.String(), "What must be done before the namespace is removed.", {
              "x-kubernetes-list-type": "atomic",
            }),
          ),
        },
        "What is wanted of the namespace.",
      ),
    ),
    status: optional(
      object(
        {
          phase: optional(text("Active, or Terminating while its objects are removed.")),
          conditions: optional(conditionsSchema),
        },
        "State of the namespace.",
      ),
    ),
  },
  hasStatus: true,
  columns: [
    {
      name: "Status",
      type: "string",
      description: "Active or Terminating.",
      priority: 0,
      value: (object) => readNamespace(object).phase,
    },
  ],
  fields: "whole",
  names: "label",
  validate: () => [],
  defaults: withNameLabel,
});

function withNameLabel(object: Resource): Resource {
  const { metadata } = object;
  const labels = metadata.name
    ? { ...metadata.labels, [nameLabel]: metadata.name }
    : metadata.labels;
  return {
    ...object,
    metadata: labels === undefined ? metadata : { ...metadata, labels },
    status: { phase: "Active", ...(object.status as object | undefined) },
  };
}
