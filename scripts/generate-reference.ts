import type { JsonSchema, ResourceKind } from "#resources/kind.ts";
import { kinds } from "#resources/kinds.ts";
import { isObject } from "#resources/schema/field-path.ts";
import { propertiesOf, refusedFieldsOf } from "#resources/schema/unknown-fields.ts";

/** Writes a page for each kind, and a list of them, from the kinds' own schemas. */

const folder = "docs/reference/resources";

/** File path of each page, and its text. */
export function referencePages(): ReadonlyMap<string, string> {
  const pages = kinds.map((kind): [string, string] => [
    `${folder}/${pageName(kind)}`,
    kindPage(kind),
  ]);
  return new Map([[`${folder}/README.md`, listPage()], ...pages]);
}

function pageName({ kind }: ResourceKind): string {
  return `${kind.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase()}.md`;
}

const generated = "Generated from `src/resources` by `scripts/generate-reference.ts`; do not edit.";

function listPage(): string {
  const rows = kinds.map(
    (kind) =>
      `| [${kind.kind}](${pageName(kind)}) | ${apiVersions(kind)} | ${kind.schema.description} |`,
  );
  return [
    "# Resources",
    "",
    generated,
    "",
    "A field or value that Weft does not act on is refused when it is applied, with the reason; what the pages below do not",
    "list is unknown. Durations are written as `1.5s`, `500ms` or `1h30m`; field names in camelCase only.",
    "",
    "| kind | apiVersion | what it says |",
    "|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function apiVersions({ group, versions }: ResourceKind): string {
  return versions
    .map((version) => `\`${group === "" ? version : `${group}/${version}`}\``)
    .join(", ");
}

function kindPage(kind: ResourceKind): string {
  const { kind: name, schema, namespaced, shortNames, plural } = kind;
  const fields = fieldsOf(schema).filter(({ path }) => !isBookkeeping(path));
  const refusals = refusalsOf(schema, "");
  return [
    `# ${name}`,
    "",
    generated,
    "",
    String(schema.description),
    "",
    `apiVersion: ${apiVersions(kind)}. ${namespaced ? "In a namespace" : "Of the whole cluster"}. For kubectl: ${[plural, ...shortNames].map((word) => `\`${word}\``).join(", ")}.`,
    "",
    "| field | type | what it says |",
    "|---|---|---|",
    ...fields.map(
      ({ path, type, description }) => `| \`${path}\` | ${type} | ${cell(description)} |`,
    ),
    "",
    ...(refusals.length === 0 ? [] : refusalTable(refusals)),
  ].join("\n");
}

function refusalTable(refusals: readonly Refusal[]): readonly string[] {
  return [
    "## Known, and refused by this version",
    "",
    "| field or value | why |",
    "|---|---|",
    ...refusals.map(({ what, why }) => `| ${what} | ${cell(why)} |`),
    "",
  ];
}

/** Metadata is the same for all kinds, and `status` is not for writing. */
function isBookkeeping(path: string): boolean {
  return /^(apiVersion|kind|metadata|status)\b/.test(path);
}

interface Field {
  readonly path: string;
  readonly type: string;
  readonly description: string;
}

function fieldsOf(schema: JsonSchema, path = ""): readonly Field[] {
  const required = (schema.required as readonly string[] | undefined) ?? [];
  return Object.entries(propertiesOf(schema)).flatMap(([name, child]) => {
    const at = path === "" ? name : `${path}.${name}`;
    const must = required.includes(name) ? ", required" : "";
    const field = {
      path: at,
      type: typeOf(child) + must,
      description: String(child.description ?? ""),
    };
    return [field, ...insideOf(child, at)];
  });
}

function insideOf(schema: JsonSchema, path: string): readonly Field[] {
  if (isObject(schema.items)) return insideOf(schema.items, `${path}[]`);
  if (isObject(schema.additionalProperties))
    return insideOf(schema.additionalProperties, `${path}.<key>`);
  return fieldsOf(schema, path);
}

function typeOf(schema: JsonSchema): string {
  if (schema["x-kubernetes-int-or-string"] === true) return "number or text";
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (isObject(schema.items)) return `list of ${plural(typeOf(schema.items))}`;
  if (isObject(schema.additionalProperties))
    return `map of ${plural(typeOf(schema.additionalProperties))}`;
  const format = typeof schema.format === "string" ? formats[schema.format] : undefined;
  return format ?? types[String(schema.type)] ?? String(schema.type);
}

const types: Readonly<Record<string, string>> = {
  string: "text",
  integer: "integer",
  number: "number",
  boolean: "true or false",
  object: "object",
};

const formats: Readonly<Record<string, string>> = {
  duration: "duration",
  "duration-or-zero": "duration",
  byte: "base64",
  "date-time": "time",
};

function plural(type: string): string {
  return /^(text|integer|number|object|duration|time)$/.test(type) ? `${type}s` : type;
}

interface Refusal {
  readonly what: string;
  readonly why: string;
}

function refusalsOf(schema: JsonSchema, path: string): readonly Refusal[] {
  const fields = Object.entries(refusedFieldsOf(schema)).map(([name, why]) => ({
    what: `\`${path === "" ? name : `${path}.${name}`}\``,
    why,
  }));
  const values = Object.entries((schema["x-weft-refused-values"] ?? {}) as Record<string, string>);
  const children: (readonly [JsonSchema, string])[] = Object.entries(propertiesOf(schema)).map(
    ([name, child]) => [child, path === "" ? name : `${path}.${name}`],
  );
  if (isObject(schema.items)) children.push([schema.items, `${path}[]`]);
  if (isObject(schema.additionalProperties))
    children.push([schema.additionalProperties, `${path}.<key>`]);
  return [
    ...fields,
    ...values.map(([value, why]) => ({ what: `\`${path}: ${value}\``, why })),
    ...children.flatMap(([child, at]) => refusalsOf(child, at)),
  ];
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("*", "\\*");
}

if (import.meta.main) for (const [path, text] of referencePages()) await Bun.write(path, text);
