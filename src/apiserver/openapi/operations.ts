// Every operation that exists for a kind, in a form that both versions of OpenAPI are written from.

import type { ServedKind } from "../kinds/served-kind.ts";
import { patchTypesOf } from "../rest/patch-object.ts";
import { DELETE_OPTIONS, definitionName, PATCH, STATUS } from "./definitions.ts";

export interface Operation {
  readonly path: string;
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  readonly action: string;
  readonly id: string;
  readonly pathParameters: readonly string[];
  readonly queryParameters: readonly QueryParameter[];
  /** Definition and media types of the body. */
  readonly body?: { readonly definition: string; readonly types: readonly string[] };
  readonly result: string;
  readonly resultCode: number;
  readonly description: string;
}

export interface QueryParameter {
  readonly name: string;
  readonly type: "string" | "integer" | "boolean";
  readonly description: string;
}

const text = (name: string, description: string): QueryParameter => ({
  name,
  type: "string",
  description,
});
const flag = (name: string, description: string): QueryParameter => ({
  name,
  type: "boolean",
  description,
});
const whole = (name: string, description: string): QueryParameter => ({
  name,
  type: "integer",
  description,
});

const DRY_RUN = text("dryRun", "All: do everything but the write.");
const WRITING = [
  DRY_RUN,
  text("fieldManager", "Name of who writes."),
  text("fieldValidation", "What to do about unknown fields: Ignore, Warn or Strict."),
];
const LISTING = [
  text("labelSelector", "Labels that the objects must have."),
  text("fieldSelector", "metadata.name and metadata.namespace of the objects."),
  whole("limit", "Objects per page."),
  text("continue", "Where the next page begins."),
  text("resourceVersion", "Version that is asked for."),
  text("resourceVersionMatch", "Exact or NotOlderThan."),
  flag("watch", "Changes instead of a list."),
  flag("allowWatchBookmarks", "Bookmarks among the changes."),
  flag("sendInitialEvents", "What exists first, as changes."),
  whole("timeoutSeconds", "When a watch ends."),
];
const DELETING = [
  DRY_RUN,
  text("propagationPolicy", "What becomes of dependents: Orphan, Background or Foreground."),
  whole("gracePeriodSeconds", "Seconds before the deletion."),
];
const BODY_TYPES = ["application/json", "application/yaml"];

export function operationsOf(kind: ServedKind, version: string): readonly Operation[] {
  const root = kind.group === "" ? `/api/${version}` : `/apis/${kind.group}/${version}`;
  const scope = kind.namespaced ? "/namespaces/{namespace}" : "";
  const scopeParameters = kind.namespaced ? ["namespace"] : [];
  const collection = { path: `${root}${scope}/${kind.plural}`, pathParameters: scopeParameters };
  const one = { path: `${collection.path}/{name}`, pathParameters: [...scopeParameters, "name"] };
  const status = { ...one, path: `${one.path}/status` };
  const everywhere = { path: `${root}/${kind.plural}`, pathParameters: [] };
  const operations = [
    ...onCollection(kind, version, collection),
    ...onObject(kind, version, one, ""),
    remove(kind, version, one),
    ...(kind.hasStatus ? onObject(kind, version, status, "Status") : []),
    ...(kind.namespaced ? [list(kind, version, everywhere, "ForAllNamespaces")] : []),
  ];
  return operations;
}

type Place = Pick<Operation, "path" | "pathParameters">;

function onCollection(kind: ServedKind, version: string, place: Place): readonly Operation[] {
  const name = definitionName(kind, version);
  return [
    list(kind, version, place, ""),
    {
      ...place,
      method: "post",
      action: "post",
      id: idOf("create", kind, version),
      queryParameters: WRITING,
      body: { definition: name, types: BODY_TYPES },
      result: name,
      resultCode: 201,
      description: `create a ${kind.kind}`,
    },
    {
      ...place,
      method: "delete",
      action: "deletecollection",
      id: idOf("deleteCollection", kind, version),
      queryParameters: [...LISTING.slice(0, 2), ...DELETING],
      body: { definition: DELETE_OPTIONS, types: BODY_TYPES },
      result: STATUS,
      resultCode: 200,
      description: `delete the selected objects of kind ${kind.kind}`,
    },
  ];
}

function list(kind: ServedKind, version: string, place: Place, suffix: string): Operation {
  return {
    ...place,
    method: "get",
    action: "list",
    id: `${idOf("list", kind, version)}${suffix}`,
    queryParameters: LISTING,
    result: `${definitionName(kind, version)}List`,
    resultCode: 200,
    description: `list or watch objects of kind ${kind.kind}`,
  };
}

function onObject(
  kind: ServedKind,
  version: string,
  place: Place,
  suffix: string,
): readonly Operation[] {
  const name = definitionName(kind, version);
  const common = { ...place, result: name, resultCode: 200 };
  const what = suffix === "" ? `the ${kind.kind}` : `status of the ${kind.kind}`;
  return [
    {
      ...common,
      method: "get",
      action: "get",
      id: `${idOf("read", kind, version)}${suffix}`,
      queryParameters: [],
      description: `read ${what}`,
    },
    {
      ...common,
      method: "put",
      action: "put",
      id: `${idOf("replace", kind, version)}${suffix}`,
      queryParameters: WRITING,
      body: { definition: name, types: BODY_TYPES },
      description: `replace ${what}`,
    },
    {
      ...common,
      method: "patch",
      action: "patch",
      id: `${idOf("patch", kind, version)}${suffix}`,
      queryParameters: [
        ...WRITING,
        flag("force", "Take fields from other managers when applying."),
      ],
      body: { definition: PATCH, types: patchTypesOf(kind) },
      description: `change ${what}`,
    },
  ];
}

function remove(kind: ServedKind, version: string, place: Place): Operation {
  return {
    ...place,
    method: "delete",
    action: "delete",
    id: idOf("delete", kind, version),
    queryParameters: DELETING,
    body: { definition: DELETE_OPTIONS, types: BODY_TYPES },
    result: STATUS,
    resultCode: 200,
    description: `delete a ${kind.kind}`,
  };
}

function idOf(verb: string, kind: ServedKind, version: string): string {
  const group = kind.group === "" ? "core" : (kind.group.split(".")[0] ?? "");
  const upper = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
  const scope = kind.namespaced ? "Namespaced" : "";
  return `${verb}${upper(group)}${upper(version)}${scope}${kind.kind}`;
}
