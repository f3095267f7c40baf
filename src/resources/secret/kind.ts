import { Buffer } from "node:buffer";
import Type from "typebox";
import type { Issue } from "#core/issue.ts";
import { defineKind } from "../define-kind.ts";
import type { Resource } from "../resource.ts";
import { fieldPath } from "../schema/field-path.ts";
import { bool, map, optional, text } from "../schema/fields.ts";

/** As a cluster has it. */
const maxSizeBytes = 1024 * 1024;

/** Keys that a secret of a known type must have: all of one of these sets. */
const keysOfType: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "kubernetes.io/tls": [["tls.crt", "tls.key"]],
  "kubernetes.io/ssh-auth": [["ssh-privatekey"]],
  "kubernetes.io/basic-auth": [["username"], ["password"]],
  "kubernetes.io/dockercfg": [[".dockercfg"]],
  "kubernetes.io/dockerconfigjson": [[".dockerconfigjson"]],
};

export const secretKind = defineKind({
  group: "",
  kind: "Secret",
  plural: "secrets",
  shortNames: [],
  categories: [],
  namespaced: true,
  versions: ["v1"],
  description: "Bytes that only some may read: keys, certificates, passwords.",
  properties: {
    type: optional(text("What the bytes are for; Opaque unless written. Cannot be changed.")),
    data: optional(
      map(
        Type.String({ format: "byte" }),
        "The bytes, in base64, by key. Keys are letters, digits, -, _ and .",
      ),
    ),
    stringData: optional(
      map(
        Type.String(),
        "The same as text, for writing only: it is folded into data and wins over it.",
      ),
    ),
    immutable: optional(bool("The data cannot be changed any more.")),
  },
  hasStatus: false,
  columns: [
    {
      name: "Type",
      type: "string",
      description: "What the bytes are for.",
      priority: 0,
      value: (object) => object.type as string | undefined,
    },
    {
      name: "Data",
      type: "integer",
      description: "Number of keys.",
      priority: 0,
      value: (object) => Object.keys((object.data ?? {}) as object).length,
    },
  ],
  fields: "whole",
  validate: validateSecret,
  defaults: foldTexts,
});

function foldTexts(object: Resource): Resource {
  const { stringData, ...rest } = object;
  const type = object.type === undefined || object.type === "" ? "Opaque" : object.type;
  if (stringData === undefined) return { ...rest, type } as Resource;

  const texts = Object.entries(stringData as Record<string, string>);
  const folded = texts.map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
  const data = { ...(object.data as object | undefined), ...Object.fromEntries(folded) };
  return { ...rest, type, data } as Resource;
}

function validateSecret(object: Resource): readonly Issue[] {
  const data = (foldTexts(object).data ?? {}) as Record<string, string>;
  const issues: Issue[] = [];
  for (const key of Object.keys(data))
    if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key) || key === "." || key.startsWith(".."))
      issues.push({
        path: fieldPath("data", key),
        code: "invalid",
        message: `"${key}" is not a key: expected at most 253 letters, digits, -, _ and .`,
      });
  const sizeBytes = Object.values(data).reduce(
    (sum, value) => sum + Buffer.byteLength(value, "base64"),
    0,
  );
  if (sizeBytes > maxSizeBytes)
    issues.push({
      path: "data",
      code: "out-of-range",
      message: `expected at most ${maxSizeBytes} bytes in all, got ${sizeBytes}`,
    });
  return [...issues, ...missingKeys(object, data)];
}

function missingKeys(object: Resource, data: Record<string, string>): readonly Issue[] {
  const choices = keysOfType[String(object.type)];
  if (choices === undefined) return [];
  const complete = choices.some((keys) => keys.every((key) => Object.hasOwn(data, key)));
  if (complete) return [];
  const words = choices.map((keys) => keys.join(" and ")).join(", or ");
  return [
    {
      path: "data",
      code: "required",
      message: `a secret of type ${String(object.type)} needs ${words}`,
    },
  ];
}
