import { parseDocument } from "yaml";
import { ApiError, badRequest } from "../errors/api-error.ts";
import { PROTOBUF, readProtobuf } from "../protobuf/read-protobuf.ts";

const MAX_BODY_BYTES = 3 * 1024 * 1024;
/** Deeper than any object is, shallower than any stack. */
const MAX_DEPTH = 200;
/** Aliases that a YAML body may resolve: enough for anchors that people write, too few for a bomb. */
const MAX_ALIASES = 50;

/** The body of a request, whole. Throws ApiError `RequestEntityTooLarge` before more than the limit is held. */
async function readBytes(request: Request): Promise<Uint8Array> {
  const declared = Number(request.headers.get("content-length") ?? "0");
  if (declared > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  if (!request.body) return new Uint8Array();
  let size = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export async function readText(request: Request): Promise<string> {
  const bytes = await readBytes(request);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ApiError("BadRequest", "the body of the request is not UTF-8", { cause });
  }
}

function tooLarge(): ApiError {
  return new ApiError(
    "RequestEntityTooLarge",
    `Request entity too large: limit is ${MAX_BODY_BYTES}`,
  );
}

export function mediaTypeOf(request: Request): string {
  const type = request.headers.get("content-type") ?? "";
  return type.split(";")[0]?.trim().toLowerCase() ?? "";
}

/** An object in JSON, YAML or, for built-in types, protobuf. Absent when there is no body. Throws ApiError. */
export async function readDocument(request: Request): Promise<unknown> {
  const type = mediaTypeOf(request);
  if (type === PROTOBUF) return readProtobuf(await readBytes(request));
  if (type !== "" && type !== "application/json" && type !== "application/yaml")
    throw unsupportedMediaType(["application/json", "application/yaml", PROTOBUF]);
  const text = await readText(request);
  if (text.trim() === "") return undefined;
  return type === "application/yaml" ? parseYaml(text) : parseJson(text);
}

export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  return new ApiError(
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
  );
}

export function parseJson(text: string): unknown {
  checkDepth(text);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ApiError("BadRequest", `error decoding the body of the request as JSON: ${why}`, {
      cause,
    });
  }
}

export function parseYaml(text: string): unknown {
  checkDepth(text);
  const json = text.trimStart().startsWith("{") ? tryJson(text) : undefined;
  if (json !== undefined) return json;
  try {
    const document = parseDocument(text, { uniqueKeys: true, merge: true, schema: "core" });
    const [problem] = document.errors;
    if (problem) throw problem;
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `error decoding the body of the request as YAML: ${why}`;
    throw new ApiError("BadRequest", message, { cause });
  }
}

/** Most "YAML" that clients send is JSON, which is read many times faster; but YAML's own braces need no quotes. */
function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Brackets outside of strings. YAML nests without brackets too: there its parser gives up first. */
function checkDepth(text: string): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > MAX_DEPTH)
        throw badRequest(`the body of the request is nested deeper than ${MAX_DEPTH} levels`);
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
}
