// What a gRPC caller is told when this proxy answers itself: a status in headers and no body ("Trailers-Only" of gRPC over
// HTTP/2). A 503 would reach the application as a transport error without words.
import { Buffer } from "node:buffer";
import { proxyFailures } from "#core/errors/proxy-failures.ts";
import type { FieldView, LocalReply } from "#http/exchange.ts";
import type { FieldName } from "#wire/http1/field-name.ts";
import { type Failure, failureReply, type ReplyMaker } from "./local-reply.ts";

/** Whether a request's `content-type` says gRPC: `application/grpc`, or with a suffix such as `+proto`. gRPC-Web is not. */
export function isGrpcContent(contentType: string | undefined): boolean {
  if (contentType === undefined || !contentType.startsWith(GRPC)) return false;
  const after = contentType.charCodeAt(GRPC.length); // NaN at the end
  return Number.isNaN(after) || after === PLUS || after === SEMICOLON || after === SPACE;
}

const GRPC = "application/grpc";
const PLUS = 0x2b;
const SEMICOLON = 0x3b;
const SPACE = 0x20;

/** The failure as a gRPC status. */
export function grpcFailureReply(failure: Failure, maker: ReplyMaker): LocalReply {
  const { status, fields } = failureReply(failure, maker, undefined);
  return grpcReply({ status, fields, body: failure.message });
}

/** An answer in HTTP's words in gRPC's: `status` becomes 200, the one that counts is in `grpc-status`, the body is its message. */
export function grpcReply({ status, fields, body }: LocalReply): LocalReply {
  return {
    status: 200,
    fields: [
      ["content-type", GRPC],
      ["grpc-status", grpcStatusOf(status)],
      ["grpc-message", grpcMessage(body.slice(0, MESSAGE_LENGTH_MAX).toString())],
      ...fields.filter(([name]) => name !== "content-type"),
    ],
    body: "",
  };
}

/** The failure of an answer that has begun, as the trailers that end it. `weft-error` is no trailer, so the message names all. */
export function grpcFailureTrailers(failure: Failure, { by, recordId }: ReplyMaker): FieldView {
  const { code, message } = failure;
  const text = `${message.slice(0, MESSAGE_LENGTH_MAX)} (${code}; by=${by}; id=${recordId})`;
  return new Trailers([
    ["grpc-status", grpcStatusOf(proxyFailures[code].status)],
    ["grpc-message", grpcMessage(text)],
  ]);
}

class Trailers implements FieldView {
  readonly #fields: LocalReply["fields"];

  constructor(fields: LocalReply["fields"]) {
    this.#fields = fields;
  }

  get fieldCount(): number {
    return this.#fields.length;
  }

  field(name: FieldName | string): string | undefined {
    const lower = typeof name === "string" ? name : name.lower;
    return this.#fields.find(([own]) => own === lower)?.[1];
  }

  has(name: FieldName | string): boolean {
    return this.field(name) !== undefined;
  }

  fieldName(index: number): string {
    return this.#fields[index]?.[0] ?? "";
  }

  fieldValue(index: number): string {
    return this.#fields[index]?.[1] ?? "";
  }
}

/** A field has to fit into the heads that everybody accepts. */
const MESSAGE_LENGTH_MAX = 1_024;

/** As Envoy has it, which is gRPC's own table for answers that are not gRPC; but what took too long says so. */
export function grpcStatusOf(httpStatus: number): string {
  return STATUSES[httpStatus] ?? UNKNOWN;
}

const UNKNOWN = "2";
const STATUSES: Readonly<Record<number, string>> = {
  400: "13", // internal
  401: "16", // unauthenticated
  403: "7", // permission denied
  404: "12", // unimplemented
  429: "14", // unavailable
  502: "14",
  503: "14",
  504: "4", // deadline exceeded
};

/** Printable ASCII as it is, the octets of the rest of UTF-8 and `%` as escapes. */
export function grpcMessage(text: string): string {
  if (PLAIN.test(text)) return text;
  let message = "";
  for (const octet of Buffer.from(text))
    message +=
      octet >= 0x20 && octet <= 0x7e && octet !== 0x25
        ? String.fromCharCode(octet)
        : `%${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  return message;
}

const PLAIN = /^[ -$&-~]*$/;
