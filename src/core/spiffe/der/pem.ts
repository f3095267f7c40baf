import { Buffer } from "node:buffer";
import { SpiffeError } from "../spiffe-error.ts";

export interface PemBlock {
  /** `CERTIFICATE`, `CERTIFICATE REQUEST`, `PRIVATE KEY` … */
  readonly label: string;
  readonly der: Uint8Array;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----\r?\n([A-Za-z0-9+/=\s]*?)-----END \1-----/g;
const PEM_BYTES_MAX = 1024 * 1024;

/** Every block of a PEM text (RFC 7468). Text around blocks is allowed, a broken block is refused. */
export function decodePem(text: string): readonly PemBlock[] {
  if (text.length > PEM_BYTES_MAX) throw bad("too-large", `a PEM text over ${PEM_BYTES_MAX} bytes`);
  const blocks = Array.from(text.matchAll(BLOCK), ([, label = "", body = ""]) => ({
    label,
    der: decodeBase64(body.replace(/\s+/g, "")),
  }));
  if (text.split("-----BEGIN ").length - 1 !== blocks.length)
    throw bad("malformed-certificate", "a PEM block that is cut short or has other characters");
  return blocks;
}

function decodeBase64(body: string): Uint8Array {
  const bytes = Buffer.from(body, "base64");
  if (bytes.toString("base64") !== body)
    throw bad("malformed-certificate", "a PEM block whose base64 is not canonical");
  return new Uint8Array(bytes);
}

export function encodePem(label: string, der: Uint8Array): string {
  const body = Buffer.from(der)
    .toString("base64")
    .replace(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
}

/** The certificates of a PEM text, in order, as DER. Other blocks are refused. */
export function certificatesOfPem(text: string): readonly Uint8Array[] {
  return decodePem(text).map(({ label, der }) => {
    if (label !== "CERTIFICATE")
      throw bad("malformed-certificate", `a PEM block ${label} among certificates`);
    return der;
  });
}

const bad = (code: "too-large" | "malformed-certificate", what: string): SpiffeError =>
  new SpiffeError(code, what);
