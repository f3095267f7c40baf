import { FieldSet } from "./field-set.ts";
import { fieldElement } from "./path-element.ts";

/** What the server fills in or what names the object: nobody manages these. */
export const serverFields: FieldSet = FieldSet.of(
  [
    ["apiVersion"],
    ["kind"],
    ["metadata"],
    ["metadata", "name"],
    ["metadata", "namespace"],
    ["metadata", "creationTimestamp"],
    ["metadata", "selfLink"],
    ["metadata", "uid"],
    ["metadata", "clusterName"],
    ["metadata", "generation"],
    ["metadata", "managedFields"],
    ["metadata", "resourceVersion"],
  ].map((path) => path.map(fieldElement)),
);
