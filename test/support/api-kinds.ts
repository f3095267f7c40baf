// Small kinds of the two sorts that there are, so that tests of the API server need no real one.
import Type from "typebox";
import type { Issue } from "#core/issue.ts";
import { defineKind } from "#resources/define-kind.ts";
import type { ResourceKind } from "#resources/kind.ts";
import { namespaceKind } from "#resources/namespace/kind.ts";
import type { Resource } from "#resources/resource.ts";
import { integer, list, map, object, optional, text } from "#resources/schema/fields.ts";
import { conditionsSchema } from "#resources/schema/status.ts";
import { secretKind } from "#resources/secret/kind.ts";
import { serviceKind } from "#resources/service/kind.ts";
import { serviceAccountKind } from "#resources/service-account/kind.ts";

const part = object(
  {
    name: text("Name of the part."),
    weight: optional(integer("Share of the part.", { minimum: 0 })),
    labels: optional(map(Type.String(), "Labels of the part.")),
  },
  "One part.",
);

interface WidgetSpec {
  readonly size?: number;
  readonly forbidden?: string;
}

const specOf = (resource: Resource): WidgetSpec => (resource.spec ?? {}) as WidgetSpec;

/** As a custom kind: strict, with a status, in two versions. */
export const widgetKind: ResourceKind = defineKind({
  group: "test.weft.dev",
  kind: "Widget",
  plural: "widgets",
  shortNames: ["wd"],
  categories: ["all", "weft-test"],
  namespaced: true,
  versions: ["v1", "v1beta1"],
  description: "A thing for tests of the API server.",
  properties: {
    spec: object(
      {
        size: optional(integer("How large it is.", { minimum: 0 })),
        color: optional(text("What it looks like.")),
        forbidden: optional(text("Must not be set.")),
        tags: optional(list(Type.String(), "Words.", { "x-kubernetes-list-type": "set" })),
        parts: optional(
          list(part, "What it is made of.", {
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
          }),
        ),
        steps: optional(list(Type.String(), "In order; one value.")),
        options: optional(map(Type.String(), "Settings.")),
      },
      "What is wanted.",
      { refused: { future: "it comes later" } },
    ),
    status: optional(
      object(
        { phase: optional(text("How it is.")), conditions: optional(conditionsSchema) },
        "How it is.",
      ),
    ),
  },
  hasStatus: true,
  columns: [
    {
      name: "Size",
      type: "integer",
      description: "How large it is.",
      priority: 0,
      value: (resource) => specOf(resource).size,
    },
    {
      name: "Color",
      type: "string",
      description: "What it looks like.",
      priority: 1,
      value: (resource) => (resource.spec as { color?: string } | undefined)?.color,
    },
  ],
  fields: "strict",
  validate: (resource): readonly Issue[] =>
    specOf(resource).forbidden === undefined
      ? []
      : [{ path: "spec.forbidden", code: "forbidden", message: "may not be set" }],
  warnings: (resource) => (specOf(resource).size === 13 ? ["spec.size: 13 brings bad luck"] : []),
});

/** As a kind of a cluster's core: kept whole, with lists that strategic patches merge. */
export const gadgetKind: ResourceKind = defineKind({
  group: "",
  kind: "Gadget",
  plural: "gadgets",
  shortNames: [],
  categories: [],
  namespaced: true,
  versions: ["v1"],
  description: "A thing as a cluster's core has them.",
  properties: {
    data: optional(map(Type.String(), "Texts.")),
    spec: optional(
      object(
        {
          ports: optional(
            list(
              object(
                {
                  port: integer("Number."),
                  name: optional(text("Name.")),
                  protocol: optional(text("Transport.", { default: "TCP" })),
                },
                "A port.",
              ),
              "Ports.",
              {
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["port"],
                "x-kubernetes-patch-merge-key": "port",
                "x-kubernetes-patch-strategy": "merge",
              },
            ),
          ),
          words: optional(
            list(Type.String(), "Words.", {
              "x-kubernetes-list-type": "set",
              "x-kubernetes-patch-strategy": "merge",
            }),
          ),
          steps: optional(list(Type.String(), "In order; one value.")),
        },
        "What is wanted.",
      ),
    ),
  },
  hasStatus: false,
  columns: [],
  fields: "whole",
  validate: () => [],
});

export const testKinds: readonly ResourceKind[] = [
  namespaceKind,
  serviceAccountKind,
  serviceKind,
  secretKind,
  gadgetKind,
  widgetKind,
];
