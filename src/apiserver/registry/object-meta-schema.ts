import type { JsonSchema } from "#resources/kind.ts";

const text = (description: string): JsonSchema => ({ type: "string", description });
const textMap = (description: string): JsonSchema => ({
  type: "object",
  additionalProperties: { type: "string" },
  description,
});
const time = (description: string): JsonSchema => ({ ...text(description), format: "date-time" });
const whole = (description: string): JsonSchema => ({
  type: "integer",
  format: "int64",
  description,
});

const ownerReference: JsonSchema = {
  type: "object",
  description: "An object that this one belongs to.",
  required: ["apiVersion", "kind", "name", "uid"],
  properties: {
    apiVersion: text("API version of the owner."),
    kind: text("Kind of the owner."),
    name: text("Name of the owner."),
    uid: text("UID of the owner."),
    controller: { type: "boolean", description: "Whether the owner is the managing controller." },
    blockOwnerDeletion: {
      type: "boolean",
      description: "Whether foreground deletion of the owner waits for this object.",
    },
  },
  "x-kubernetes-map-type": "atomic",
};

const managedFieldsEntry: JsonSchema = {
  type: "object",
  description: "Which fields one manager wrote last.",
  properties: {
    manager: text("Who wrote."),
    operation: text("Apply or Update."),
    apiVersion: text("Version that the fields are named in."),
    time: time("When this entry last changed."),
    fieldsType: text("Format of fieldsV1."),
    fieldsV1: {
      type: "object",
      description: "The fields, as a tree.",
      "x-kubernetes-preserve-unknown-fields": true,
    },
    subresource: text("Subresource that was written through."),
  },
};

/** `metadata` of every object. */
export const objectMetaSchema: JsonSchema = {
  type: "object",
  description: "Name, labels and bookkeeping that every object has.",
  properties: {
    name: text("Unique within the namespace and kind; cannot be changed."),
    generateName: text("Prefix from which the server makes a unique name when none is given."),
    namespace: text("The space in which the name is unique; cannot be changed."),
    selfLink: text("No longer filled in."),
    uid: text("Unique in time and space; filled in by the server."),
    resourceVersion: text("Opaque version of this state; compared when it is sent with an update."),
    generation: whole("Counts changes of the desired state; filled in by the server."),
    creationTimestamp: time("When the object was created; filled in by the server."),
    deletionTimestamp: time("When deletion was asked for; filled in by the server."),
    deletionGracePeriodSeconds: whole("Seconds between the request and the deletion."),
    labels: textMap("Keys and values that selectors match."),
    annotations: textMap("Keys and values that tools keep with the object."),
    ownerReferences: {
      type: "array",
      description: "Objects that this one belongs to.",
      items: ownerReference,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["uid"],
      "x-kubernetes-patch-merge-key": "uid",
      "x-kubernetes-patch-strategy": "merge",
    },
    finalizers: {
      type: "array",
      description: "The object is removed only once this list is empty.",
      items: { type: "string" },
      "x-kubernetes-list-type": "set",
      "x-kubernetes-patch-strategy": "merge",
    },
    managedFields: {
      type: "array",
      description: "Who wrote which fields; filled in by the server.",
      items: managedFieldsEntry,
      "x-kubernetes-list-type": "atomic",
    },
  },
};
