import type { Clock } from "#core/clock.ts";
import type { Column } from "#resources/kind.ts";
import type { Resource } from "#resources/resource.ts";
import type { ServedKind } from "../kinds/served-kind.ts";
import { humanDuration } from "./human-duration.ts";

/** How much of each object goes with its row. */
export type IncludeObject = "None" | "Metadata" | "Object";

export interface TableOptions {
  readonly metaVersion: "v1" | "v1beta1";
  readonly includeObject: IncludeObject;
  readonly clock: Clock;
  /** A watch names the columns once. */
  readonly withColumns: boolean;
}

export function tableOf(
  kind: ServedKind,
  objects: readonly Resource[],
  metadata: Readonly<Record<string, unknown>>,
  options: TableOptions,
): Record<string, unknown> {
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${options.metaVersion}`,
    metadata,
    columnDefinitions: options.withColumns ? columnDefinitions(kind) : null,
    rows: objects.map((object) => ({
      cells: cellsOf(kind, object, options.clock),
      ...rowObject(object, options),
    })),
  };
}

export function partialMetadata(object: Resource, metaVersion: string): Record<string, unknown> {
  const { metadata } = object;
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${metaVersion}`, metadata };
}

function rowObject(object: Resource, { includeObject, metaVersion }: TableOptions) {
  if (includeObject === "None") return {};
  return { object: includeObject === "Object" ? object : partialMetadata(object, metaVersion) };
}

function columnDefinitions({ columns }: ServedKind): readonly unknown[] {
  const named = columns.map(({ name, type, description, priority }) => ({
    name,
    type: type === "date" ? "string" : type,
    format: "",
    description,
    priority,
  }));
  return [
    {
      name: "Name",
      type: "string",
      format: "name",
      description: "Unique within the namespace and kind.",
      priority: 0,
    },
    ...named,
    { name: "Age", type: "string", format: "", description: "Time since creation.", priority: 0 },
  ];
}

function cellsOf({ columns }: ServedKind, object: Resource, clock: Clock): readonly unknown[] {
  const { name, creationTimestamp } = object.metadata;
  return [
    name,
    ...columns.map((column) => cellOf(column, object, clock)),
    age(creationTimestamp, clock),
  ];
}

function cellOf(column: Column, object: Resource, clock: Clock): unknown {
  const value = column.value(object);
  return column.type === "date" ? age(value, clock) : (value ?? null);
}

function age(since: unknown, clock: Clock): string {
  const at = typeof since === "string" ? Date.parse(since) : Number.NaN;
  return Number.isNaN(at) ? "<unknown>" : humanDuration(clock.wallMs() - at);
}
