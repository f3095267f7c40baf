import type { ErrorObject } from "ajv";
import { didYouMean } from "./nearest.ts";

interface Description {
  readonly code: string;
  readonly message: string;
}

/** One violation in words: what was wrong and what would be right. */
export function describeError(error: ErrorObject): Description {
  const describe = descriptions[error.keyword];
  return describe?.(error) ?? { code: "invalid", message: error.message ?? "not valid" };
}

const descriptions: Readonly<Record<string, (error: ErrorObject) => Description>> = {
  required: ({ params, parentSchema }) => {
    const property = parentSchema?.properties?.[params.missingProperty] as
      | { description?: string }
      | undefined;
    const what = property?.description?.split(/(?<=[.;])\s/)[0]?.replace(/[.;]$/, "");
    return { code: "required", message: `required${what === undefined ? "" : `: ${what}`}` };
  },
  type: ({ params, data }) => {
    const expected = article(String(params.type));
    return {
      code: "invalid-type",
      message: `expected ${expected}, got ${show(data)}${unquote(params.type, data)}`,
    };
  },
  "x-kubernetes-int-or-string": ({ data }) => ({
    code: "invalid-type",
    message: `expected a whole number or a text, got ${show(data)}`,
  }),
  enum: ({ params, data, parentSchema }) =>
    describeChoice(params.allowedValues, data, parentSchema),
  const: ({ params, data }) => ({
    code: "invalid",
    message: `expected ${JSON.stringify(params.allowedValue)}, got ${show(data)}`,
  }),
  minimum: ({ params, data }) => range(`at least ${params.limit}`, data),
  maximum: ({ params, data }) => range(`at most ${params.limit}`, data),
  exclusiveMinimum: ({ params, data }) => range(`above ${params.limit}`, data),
  minItems: ({ params, data }) =>
    range(`at least ${count(params.limit, "item")}`, (data as unknown[]).length),
  maxItems: ({ params, data }) =>
    range(`at most ${count(params.limit, "item")}`, (data as unknown[]).length),
  minLength: ({ params }) => ({
    code: "invalid",
    message:
      params.limit === 1 ? "must not be empty" : `expected at least ${params.limit} characters`,
  }),
  maxLength: ({ params, data }) =>
    range(`at most ${params.limit} characters`, (data as string).length),
  minProperties: ({ params }) => ({
    code: "invalid",
    message: `expected at least ${count(params.limit, "field")}`,
  }),
  maxProperties: ({ params, data }) =>
    range(`at most ${count(params.limit, "entry", "entries")}`, Object.keys(data as object).length),
  pattern: ({ params, data }) => ({
    code: "invalid",
    message: `${show(data)} does not have the form ${params.pattern}`,
  }),
  format: ({ params, data }) => ({
    code: "invalid",
    message: `${show(data)} is not ${formats[String(params.format)] ?? params.format}`,
  }),
};

const formats: Readonly<Record<string, string>> = {
  duration: "a duration of at least 1ms, such as 1.5s, 500ms or 1h30m (whole milliseconds)",
  "duration-or-zero": "a duration, such as 1.5s, 500ms, 1h30m or 0s (whole milliseconds)",
  byte: "base64",
  "date-time": "a time as RFC 3339 writes it, such as 2026-01-31T12:00:00Z",
  int32: "a whole number of 32 bits",
  uint32: "a whole number from 0 to 4294967295",
  int64: "a whole number that keeps its precision",
};

function describeChoice(allowed: unknown, data: unknown, schema: unknown): Description {
  const refused = (schema as Record<string, unknown>)["x-weft-refused-values"] as
    | Record<string, string>
    | undefined;
  const expected = `expected one of ${(allowed as unknown[]).join(", ")}`;
  if (typeof data === "string" && refused !== undefined && Object.hasOwn(refused, data)) {
    const message = `${data} is not supported by this version of Weft (${refused[data]}); ${expected}`;
    return { code: "unsupported-value", message };
  }
  return {
    code: "invalid",
    message: `unknown value ${show(data)}; ${expected}${hint(data, allowed as unknown[])}`,
  };
}

function hint(data: unknown, allowed: readonly unknown[]): string {
  if (typeof data !== "string") return "";
  if (allowed.some((value) => typeof value === "number" && `${value}` === data))
    return `; write ${data} without quotes`;
  return didYouMean(data, texts(allowed));
}

function texts(values: readonly unknown[]): readonly string[] {
  return values.filter((value) => typeof value === "string");
}

function range(expected: string, got: unknown): Description {
  return { code: "out-of-range", message: `expected ${expected}, got ${show(got)}` };
}

function count(n: number, one: string, many = `${one}s`): string {
  return n === 1 ? `one ${one}` : `${n} ${many}`;
}

function article(type: string): string {
  const words: Record<string, string> = {
    string: "a text",
    integer: "a whole number",
    object: "an object",
    array: "a list",
    boolean: "true or false",
  };
  return words[type] ?? `a ${type}`;
}

function unquote(type: unknown, data: unknown): string {
  const number = (type === "integer" || type === "number") && typeof data === "string";
  if (number && data.trim() !== "" && Number.isFinite(Number(data)))
    return `; write ${data} without quotes`;
  if (type === "boolean" && (data === "true" || data === "false"))
    return `; write ${data} without quotes`;
  if (type === "string" && (typeof data === "number" || typeof data === "boolean"))
    return `; write "${data}" in quotes`;
  return "";
}

function show(data: unknown): string {
  if (data === null || data === undefined) return "nothing";
  if (Array.isArray(data)) return "a list";
  if (typeof data === "object") return "an object";
  if (typeof data === "number") return `${data}`;
  if (typeof data === "boolean") return `${data}`;
  const text = String(data);
  return `"${text.length > 80 ? `${text.slice(0, 77)}…` : text}"`;
}
