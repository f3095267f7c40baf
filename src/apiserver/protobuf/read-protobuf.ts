// kubectl from 1.32 on, and other clients with built-in types, send these as protobuf and take JSON for an answer.
import { badRequest } from "../errors/api-error.ts";
import { decodeMessage, type Message } from "./message.ts";
import { messages } from "./messages.ts";
import { ProtobufError, readFields } from "./wire-reader.ts";

export const PROTOBUF = "application/vnd.kubernetes.protobuf";
const MAGIC = "k8s\0";

const typeMeta: Message = {
  name: "TypeMeta",
  fields: { 1: { name: "apiVersion", type: "string" }, 2: { name: "kind", type: "string" } },
};

/** The object in a body, as JSON would say it. Throws ApiError BadRequest, also for kinds that only JSON can carry. */
export function readProtobuf(bytes: Uint8Array): Record<string, unknown> {
  if (Buffer.from(bytes.subarray(0, MAGIC.length)).toString("latin1") !== MAGIC)
    throw badRequest("the body of the request is not Kubernetes' protobuf: the prefix is missing");
  try {
    return readEnvelope(bytes.subarray(MAGIC.length));
  } catch (error) {
    if (error instanceof ProtobufError)
      throw badRequest(`the protobuf body of the request ${error.message}`);
    throw error;
  }
}

function readEnvelope(bytes: Uint8Array): Record<string, unknown> {
  let type: Record<string, unknown> = {};
  let raw: Uint8Array = new Uint8Array();
  for (const { number, value } of readFields(bytes)) {
    if (!(value instanceof Uint8Array)) continue;
    if (number === 1) type = decodeMessage(typeMeta, value);
    else if (number === 2) raw = value;
  }
  const { apiVersion, kind } = type;
  const message = messages[kind === "DeleteOptions" ? kind : `${apiVersion}/${kind}`];
  if (!message)
    throw new ProtobufError(`is a ${kind} of ${apiVersion}, which only JSON can carry here`);
  return { apiVersion, kind, ...decodeMessage(message, raw) };
}
