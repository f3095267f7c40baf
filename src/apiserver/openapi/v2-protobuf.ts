// OpenAPI 2 as protobuf, which is the only form of it that kubectl takes: up to 1.28 for every apply, later for lists.
// The messages are gnostic's (openapiv2/OpenAPIv2.proto); the numbers below are its field numbers.
import { isObject } from "#resources/schema/field-path.ts";
import { WireWriter } from "../protobuf/wire-writer.ts";

type Json = Readonly<Record<string, unknown>>;

export const OPENAPI_V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

export function encodeV2(document: Json): Uint8Array {
  const { info, paths, definitions } = document;
  return new WireWriter()
    .text(1, document.swagger)
    .message(2, new WireWriter().text(1, read(info).title).text(2, read(info).version))
    .message(8, each(new WireWriter(), 2, read(paths), pathItem))
    .message(9, each(new WireWriter(), 1, read(definitions), schema))
    .finish();
}

function read(value: unknown): Json {
  return isObject(value) ? value : {};
}

/** Named entries: `{ name = 1, value = 2 }`. */
function each(
  writer: WireWriter,
  number: number,
  entries: Json,
  write: (value: Json) => WireWriter,
): WireWriter {
  for (const [name, value] of Object.entries(entries))
    writer.message(number, new WireWriter().text(1, name).message(2, write(read(value))));
  return writer;
}

/** A value of any kind travels as YAML, of which JSON is a part. */
function any(value: unknown): WireWriter {
  return new WireWriter().text(2, JSON.stringify(value));
}

function extensions(writer: WireWriter, number: number, value: Json): WireWriter {
  for (const [name, extension] of Object.entries(value))
    if (name.startsWith("x-"))
      writer.message(number, new WireWriter().text(1, name).message(2, any(extension)));
  return writer;
}

function pathItem(item: Json): WireWriter {
  const writer = new WireWriter();
  const methods = { get: 2, put: 3, post: 4, delete: 5, patch: 8 };
  for (const [method, number] of Object.entries(methods))
    if (isObject(item[method])) writer.message(number, operation(item[method]));
  return parameters(writer, 9, item.parameters);
}

function operation(value: Json): WireWriter {
  const writer = new WireWriter()
    .text(3, value.description)
    .text(5, value.operationId)
    .texts(6, value.produces)
    .texts(7, value.consumes);
  parameters(writer, 8, value.parameters)
    .message(9, each(new WireWriter(), 1, read(value.responses), response))
    .texts(10, value.schemes);
  return extensions(writer, 13, value);
}

function parameters(writer: WireWriter, number: number, list: unknown): WireWriter {
  for (const value of Array.isArray(list) ? list : [])
    writer.message(number, new WireWriter().message(1, parameter(read(value))));
  return writer;
}

function parameter(value: Json): WireWriter {
  if (value.in === "body") {
    const body = new WireWriter()
      .text(2, value.name)
      .text(3, "body")
      .flag(4, value.required)
      .message(5, schema(read(value.schema)));
    return new WireWriter().message(1, body);
  }
  const isPath = value.in === "path";
  const plain = new WireWriter()
    .flag(1, value.required)
    .text(2, value.in)
    .text(3, value.description)
    .text(4, value.name)
    .text(isPath ? 5 : 6, value.type)
    .flag(isPath ? 19 : 20, value.uniqueItems);
  return new WireWriter().message(2, new WireWriter().message(isPath ? 4 : 3, plain));
}

function response(value: Json): WireWriter {
  const writer = new WireWriter().text(1, value.description);
  if (isObject(value.schema)) writer.message(2, new WireWriter().message(1, schema(value.schema)));
  return new WireWriter().message(1, writer);
}

function schema(value: Json): WireWriter {
  const { type, items, properties, additionalProperties } = value;
  const writer = new WireWriter()
    .text(1, value.$ref)
    .text(2, value.format)
    .text(4, value.description)
    .message(5, value.default === undefined ? undefined : any(value.default))
    .real(7, value.maximum)
    .flag(8, value.exclusiveMaximum)
    .real(9, value.minimum)
    .flag(10, value.exclusiveMinimum)
    .whole(11, value.maxLength)
    .whole(12, value.minLength)
    .text(13, value.pattern)
    .whole(14, value.maxItems)
    .whole(15, value.minItems)
    .flag(16, value.uniqueItems)
    .whole(17, value.maxProperties)
    .whole(18, value.minProperties)
    .texts(19, value.required);
  for (const choice of Array.isArray(value.enum) ? value.enum : []) writer.message(20, any(choice));
  if (isObject(additionalProperties))
    writer.message(21, new WireWriter().message(1, schema(additionalProperties)));
  if (typeof type === "string") writer.message(22, new WireWriter().texts(1, [type]));
  if (isObject(items)) writer.message(23, new WireWriter().message(1, schema(items)));
  if (isObject(properties)) writer.message(25, each(new WireWriter(), 1, properties, schema));
  return extensions(writer, 31, value);
}
