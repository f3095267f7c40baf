import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import type { Issue } from "#core/issue.ts";
import type { JsonSchema } from "../kind.ts";
import { describeError } from "./describe-error.ts";
import { parseDuration } from "./duration.ts";
import { fieldPath, pathOfPointer } from "./field-path.ts";

const ajv = makeAjv();
const compiled = new WeakMap<JsonSchema, ValidateFunction>();

/** Types, required fields, limits and choices: every violation, with its path. Fields that the schema lacks are not looked at. */
export function checkSchema(schema: JsonSchema, object: unknown): readonly Issue[] {
  const validate = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, validate);
  if (validate(object)) return [];
  const errors = validate.errors ?? [];
  return errors.filter((error) => !isSaid(error, errors)).map((error) => issueOf(error, object));
}

/** Whoever reads the choices needs no word of their type. */
function isSaid({ keyword, instancePath }: ErrorObject, errors: readonly ErrorObject[]): boolean {
  if (keyword !== "type") return false;
  return errors.some((other) => other.keyword === "enum" && other.instancePath === instancePath);
}

function issueOf(error: ErrorObject, object: unknown): Issue {
  const at = pathOfPointer(error.instancePath, object);
  const path =
    error.keyword === "required" ? fieldPath(at, String(error.params.missingProperty)) : at;
  return { path, ...describeError(error) };
}

/** Types of list items and texts are checked strictly, nothing is coerced, all errors are wanted. */
function makeAjv(): Ajv {
  const made = new Ajv({ allErrors: true, verbose: true, strict: false, validateSchema: false });
  made.addKeyword({
    keyword: "x-kubernetes-int-or-string",
    validate: (_: unknown, value: unknown) => typeof value === "string" || Number.isInteger(value),
    errors: false,
  });
  made.addFormat("duration", (text) => isWholeMs(text) && parseDuration(text) !== 0);
  made.addFormat("duration-or-zero", isWholeMs);
  made.addFormat("byte", (text) => isBase64(text));
  made.addFormat("date-time", (text) => dateTime.test(text) && !Number.isNaN(Date.parse(text)));
  made.addFormat("int32", { type: "number", validate: (n) => n >= -(2 ** 31) && n < 2 ** 31 });
  made.addFormat("uint32", { type: "number", validate: (n) => n >= 0 && n < 2 ** 32 });
  made.addFormat("int64", { type: "number", validate: Number.isSafeInteger });
  made.addFormat("double", { type: "number", validate: Number.isFinite });
  return made;
}

const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function isWholeMs(text: string): boolean {
  const ms = parseDuration(text);
  return ms !== undefined && Number.isInteger(ms);
}

function isBase64(text: string): boolean {
  const plain = text.replaceAll(/[\r\n]/g, "");
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(plain);
}
