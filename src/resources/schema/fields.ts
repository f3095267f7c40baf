import Type, { type Static, type TProperties, type TSchema } from "typebox";

/**
 * The words that schemas of kinds are written in. Every field has a description, which `explain` and the reference
 * show. Beside what JSON Schema knows, an object may list fields (`x-weft-refused`), and a choice values
 * (`x-weft-refused-values`), that the API knows but this version does not act on, each with a reason: they are
 * refused with that reason, so that nothing is accepted that does nothing.
 */
export interface ObjectOptions {
  readonly refused?: Readonly<Record<string, string>>;
  readonly [keyword: string]: unknown;
}

export function object<T extends TProperties>(
  properties: T,
  description: string,
  { refused, ...options }: ObjectOptions = {},
) {
  const extra = refused === undefined ? {} : { "x-weft-refused": refused };
  return Type.Object(properties, { description, ...extra, ...options });
}

export const optional = Type.Optional;

export function text(description: string, options: Record<string, unknown> = {}) {
  return Type.String({ description, ...options });
}

export function bool(description: string, options: Record<string, unknown> = {}) {
  return Type.Boolean({ description, ...options });
}

/** A 32-bit integer; limits narrow it. */
export function integer(description: string, options: Record<string, unknown> = {}) {
  return Type.Integer({ description, format: "int32", ...options });
}

export function portNumber(description: string) {
  return integer(description, { minimum: 1, maximum: 65_535 });
}

export function list<T extends TSchema>(
  items: T,
  description: string,
  options: Record<string, unknown> = {},
) {
  return Type.Array(items, { description, ...options });
}

export function map<T extends TSchema>(
  values: T,
  description: string,
  options: Record<string, unknown> = {},
) {
  return Type.Unsafe<Record<string, Static<T>>>({
    type: "object",
    additionalProperties: values,
    description,
    ...options,
  });
}

/** One of some words. `refused`: words that the API knows and this version does not act on. */
export function choice<const T extends readonly string[]>(
  values: T,
  description: string,
  { refused, ...options }: ObjectOptions = {},
) {
  const extra = refused === undefined ? {} : { "x-weft-refused-values": refused };
  return Type.Unsafe<T[number]>({
    type: "string",
    enum: values,
    description,
    ...extra,
    ...options,
  });
}

/** `1.5s`, `1h`, `500ms`; whole milliseconds. `zero` allows `0s`. */
export function duration(description: string, options: { readonly zero?: boolean } = {}) {
  const format = options.zero === true ? "duration-or-zero" : "duration";
  return Type.String({ description, format });
}

/** A number or a text, such as the port `8080` or `http`. */
export function intOrString(description: string) {
  return Type.Unsafe<number | string>({ "x-kubernetes-int-or-string": true, description });
}
