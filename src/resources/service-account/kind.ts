import { defineKind } from "../define-kind.ts";
import { bool, list, object, optional, text } from "../schema/fields.ts";
import { objectReferenceSchema } from "../schema/references.ts";
import { readServiceAccount } from "./read.ts";

const byName = { "x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge" };

const pullSecret = object(
  { name: optional(text("Name of the secret.")) },
  "A secret of the same namespace.",
  { "x-kubernetes-map-type": "atomic" },
);

export const serviceAccountKind = defineKind({
  group: "",
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  shortNames: ["sa"],
  categories: [],
  namespaced: true,
  versions: ["v1"],
  description:
    "Whom a workload runs as. With its namespace it is the workload's identity: spiffe://<trust domain>/ns/<namespace>/sa/<name>.",
  properties: {
    automountServiceAccountToken: optional(
      bool("Pods get a token of this account unless they say otherwise."),
    ),
    imagePullSecrets: optional(
      list(pullSecret, "Secrets for pulling images.", { "x-kubernetes-list-type": "atomic" }),
    ),
    secrets: optional(
      list(objectReferenceSchema("A secret."), "Secrets that pods of this account may use.", {
        ...byName,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
      }),
    ),
  },
  hasStatus: false,
  columns: [
    {
      name: "Secrets",
      type: "integer",
      description: "Number of secrets that pods of this account may use.",
      priority: 0,
      value: (object) => readServiceAccount(object).secrets.length,
    },
  ],
  fields: "whole",
  validate: () => [],
});
