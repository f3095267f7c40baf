import { object, optional, text } from "./fields.ts";

/** A reference to any object, as core kinds carry it. */
export function objectReferenceSchema(description: string) {
  return object(
    {
      apiVersion: optional(text("API version of the object.")),
      fieldPath: optional(text("Part of the object that is meant.")),
      kind: optional(text("Kind of the object.")),
      name: optional(text("Name of the object.")),
      namespace: optional(text("Namespace of the object.")),
      resourceVersion: optional(text("Version of the object.")),
      uid: optional(text("Unique identifier of the object.")),
    },
    description,
    { "x-kubernetes-map-type": "atomic" },
  );
}
