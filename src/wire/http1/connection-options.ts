/** The Connection field: what it says about this hop, and which fields it takes off the message (RFC 9110 §7.6.1). */
import { isToken } from "./field-name.ts";
import type { Fields } from "./head.ts";
import { type Fault, Http1Error } from "./http1-error.ts";

export interface ConnectionOptions {
  readonly close: boolean;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  /** Other options: fields of these names must not be forwarded. */
  readonly nominated: readonly string[];
}

const NONE: readonly string[] = [];
export const NO_OPTIONS: ConnectionOptions = {
  close: false,
  keepAlive: false,
  upgrade: false,
  nominated: NONE,
};

/** Names that framing, routing, identity and policy rely on, whoever asks to drop them. */
const PROTECTED = new Set(
  (
    "host content-length content-type content-encoding transfer-encoding trailer expect date authorization " +
    "proxy-authorization cookie set-cookie forwarded via traceparent tracestate baggage b3 x-request-id " +
    "x-real-ip x-client-ip x-b3-traceid x-b3-spanid x-b3-parentspanid x-b3-sampled x-b3-flags weft-error"
  ).split(" "),
);
const PROTECTED_PREFIXES = ["x-forwarded-", "x-envoy-", "x-weft-", "weft-"];

/** Whether `name` (lower case) may not be named in Connection. */
export type IsProtected = (name: string) => boolean;

export function isProtectedByDefault(name: string): boolean {
  return PROTECTED.has(name) || PROTECTED_PREFIXES.some((prefix) => name.startsWith(prefix));
}

const KEEP_ALIVE: ConnectionOptions = { ...NO_OPTIONS, keepAlive: true };
const CLOSE: ConnectionOptions = { ...NO_OPTIONS, close: true };

/** Throws Http1Error for an option that is not a token or names a protected field. */
export function readConnectionOptions(
  value: string,
  isProtected: IsProtected,
  fault: Fault,
): ConnectionOptions {
  // What nearly every Connection field says.
  if (value === "keep-alive" || value === "Keep-Alive") return KEEP_ALIVE;
  if (value === "close") return CLOSE;
  let close = false;
  let keepAlive = false;
  let upgrade = false;
  let nominated = NONE;
  for (const part of value.split(",")) {
    const option = part.trim().toLowerCase();
    if (option === "close") close = true;
    else if (option === "keep-alive") keepAlive = true;
    else if (option === "upgrade") upgrade = true;
    else if (option !== "" && option !== "te") {
      if (!isToken(option)) throw new Http1Error("bad-connection-option", fault);
      if (isProtected(option)) throw new Http1Error("protected-connection-option", fault, option);
      nominated = [...nominated, option];
    }
  }
  return { close, keepAlive, upgrade, nominated };
}

/** The protocol of an Upgrade field; "" when it has none or offers `h2c`, which is served as HTTP/1. */
export function upgradeOf(fields: Fields): string {
  const value = fields.field("upgrade")?.toLowerCase() ?? "";
  return /(^|[,\s])h2c([,\s]|$)/.test(value) ? "" : value;
}
