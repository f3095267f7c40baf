import { FieldSet } from "./field-set.ts";

/** Who wrote which fields, and how: one entry of `metadata.managedFields`. */
export interface Manager {
  readonly name: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  /** `""` for the main resource. */
  readonly subresource: string;
  /** RFC 3339; absent only in entries that others wrote without one. */
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** By identity, so that one writer has one entry. */
export type Managers = ReadonlyMap<string, Manager>;

/** An applier is one whatever version it applies in; an updater is one per version. */
export function identityOf(
  manager: Pick<Manager, "name" | "operation" | "apiVersion" | "subresource">,
): string {
  const { name, operation, apiVersion, subresource } = manager;
  return JSON.stringify([name, operation, operation === "Apply" ? "" : apiVersion, subresource]);
}

/** As conflicts name it. */
export function describeManager({ name, operation, apiVersion, subresource }: Manager): string {
  const who = subresource === "" ? `"${name}"` : `"${name}" with subresource "${subresource}"`;
  return operation === "Update" ? `${who} using ${apiVersion}` : who;
}

/** Undefined when the list is not what a server could have written. */
export function readManagers(list: unknown): Managers | undefined {
  if (list === undefined || list === null) return new Map();
  if (!Array.isArray(list)) return undefined;
  const managers = list.map(readManager);
  const known = managers.filter((manager) => manager !== undefined);
  if (known.length !== managers.length) return undefined;
  return new Map(known.map((manager) => [identityOf(manager), manager]));
}

function readManager(entry: unknown): Manager | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  const { manager, operation, apiVersion, subresource, time, fieldsType, fieldsV1 } =
    entry as Record<string, unknown>;
  if (operation !== "Apply" && operation !== "Update") return undefined;
  if (typeof apiVersion !== "string" || apiVersion === "") return undefined;
  if (fieldsType !== "FieldsV1") return undefined;
  const fields = FieldSet.readFieldsV1(fieldsV1 ?? {});
  if (fields === undefined) return undefined;
  return {
    name: textOr(manager, ""),
    operation,
    apiVersion,
    subresource: textOr(subresource, ""),
    time: typeof time === "string" ? time : undefined,
    fields,
  };
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}

export function writeManagers(managers: Managers): readonly unknown[] {
  return [...managers.values()].sort(inOrder).map((manager) => {
    const { name, operation, apiVersion, subresource, time, fields } = manager;
    return {
      manager: name,
      operation,
      apiVersion,
      ...(time === undefined ? {} : { time }),
      fieldsType: "FieldsV1",
      fieldsV1: fields.toFieldsV1(),
      ...(subresource === "" ? {} : { subresource }),
    };
  });
}

function inOrder(a: Manager, b: Manager): number {
  return (
    compareText(a.operation, b.operation) ||
    compareText(a.time ?? "", b.time ?? "") ||
    compareText(a.name, b.name) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
