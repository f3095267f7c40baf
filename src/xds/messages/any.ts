import type { Any } from "./generated/google/protobuf/any.ts";

/** The part of a generated message module that reads and writes it. */
export interface MessageCodec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

const TYPE_PREFIX = "type.googleapis.com/";

/** `name` is the message's full name, without the `type.googleapis.com/` in front. */
export function toAny<T>(name: string, codec: MessageCodec<T>, message: T): Any {
  return { typeUrl: TYPE_PREFIX + name, value: codec.encode(message).finish() };
}

/** A message without fields, or one whose fields all have their defaults. */
export function emptyAny(name: string): Any {
  return { typeUrl: TYPE_PREFIX + name, value: new Uint8Array(0) };
}

/** The message inside, or undefined when the type is another. Throws what the reader throws for broken bytes. */
export function fromAny<T>(
  name: string,
  codec: MessageCodec<T>,
  any: Any | undefined,
): T | undefined {
  return any?.typeUrl === TYPE_PREFIX + name ? codec.decode(any.value) : undefined;
}
