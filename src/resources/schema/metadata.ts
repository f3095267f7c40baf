import Type from "typebox";
import { bool, integer, list, map, object, optional, text } from "./fields.ts";

const ownerReference = object(
  {
    apiVersion: text("API version of the owner."),
    kind: text("Kind of the owner."),
    name: text("Name of the owner."),
    uid: text("Unique identifier of the owner."),
    controller: optional(bool("The owner is the one that manages this object.")),
    blockOwnerDeletion: optional(
      bool("The owner is not removed in the foreground while this object exists."),
    ),
  },
  "An object that this one belongs to.",
  { "x-kubernetes-map-type": "atomic" },
);

const managedField = object(
  {
    apiVersion: optional(text("API version that the fields are written in.")),
    fieldsType: optional(text("Format of the set of fields: FieldsV1.")),
    fieldsV1: optional(
      Type.Unsafe<unknown>({
        type: "object",
        description: "The set of fields.",
        "x-kubernetes-preserve-unknown-fields": true,
      }),
    ),
    manager: optional(text("Who owns the fields.")),
    operation: optional(text("How they came to own them: Apply or Update.")),
    subresource: optional(text("Subresource that they wrote through.")),
    time: optional(text("When they last changed them.", { format: "date-time" })),
  },
  "Fields that one manager owns.",
);

/** `metadata` as every object of a Kubernetes API has it. */
export const metadataSchema = object(
  {
    name: optional(text("Name, unique in its namespace for its kind. Cannot be changed.")),
    generateName: optional(text("Beginning of a name that the server completes.")),
    namespace: optional(text("Namespace of the object; absent for kinds of the whole cluster.")),
    labels: optional(map(Type.String(), "Words to select objects by.")),
    annotations: optional(map(Type.String(), "Facts for tools; not used to select.")),
    uid: optional(text("Unique in time and space. Set by the server.")),
    resourceVersion: optional(text("Version of the stored object, for compare-and-swap.")),
    generation: optional(
      integer("Counts changes of what is wanted. Set by the server.", { format: "int64" }),
    ),
    creationTimestamp: optional(text("When it was created.", { format: "date-time" })),
    deletionTimestamp: optional(text("When its deletion was asked for.", { format: "date-time" })),
    deletionGracePeriodSeconds: optional(
      integer("Seconds that it may take to end.", { format: "int64" }),
    ),
    finalizers: optional(
      list(Type.String(), "What must be done before the object is removed.", {
        "x-kubernetes-list-type": "set",
        "x-kubernetes-patch-strategy": "merge",
      }),
    ),
    ownerReferences: optional(
      list(ownerReference, "Objects that this one belongs to.", {
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["uid"],
        "x-kubernetes-patch-merge-key": "uid",
        "x-kubernetes-patch-strategy": "merge",
      }),
    ),
    managedFields: optional(
      list(managedField, "Who owns which field.", { "x-kubernetes-list-type": "atomic" }),
    ),
    selfLink: optional(text("No longer set by servers.")),
  },
  "Name, labels and bookkeeping of the object.",
);
