import { choice, integer, list, object, optional, text } from "./fields.ts";

const condition = object(
  {
    type: text("What the condition is about."),
    status: choice(["True", "False", "Unknown"], "Whether it holds."),
    reason: optional(text("Why, in one word.")),
    message: optional(text("Why, in words.")),
    observedGeneration: optional(
      integer("Generation of the object that this speaks of.", { format: "int64" }),
    ),
    lastTransitionTime: optional(text("When the status last changed.", { format: "date-time" })),
    lastProbeTime: optional(text("When it was last looked at.", { format: "date-time" })),
    lastUpdateTime: optional(text("When it was last written.", { format: "date-time" })),
  },
  "One fact about the object.",
);

export const conditionsSchema = list(condition, "Facts about the object, one of each type.", {
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["type"],
  "x-kubernetes-patch-merge-key": "type",
  "x-kubernetes-patch-strategy": "merge",
});

/** `status` of the mesh's own kinds: written by Weft, kept with fields that other writers add. */
export const meshStatusSchema = object(
  {
    observedGeneration: optional(
      integer("Generation that the status speaks of.", { format: "int64" }),
    ),
    conditions: optional(conditionsSchema),
  },
  "What Weft says of the object: accepted, live where, warnings.",
  { "x-kubernetes-preserve-unknown-fields": true },
);
