import { readFileSync } from "node:fs";

/** One listening TCP socket of this host. */
export interface ListeningSocket {
  /** Canonical text: `0.0.0.0`, `::`, `127.0.0.1`. */
  readonly address: string;
  readonly port: number;
}

const listenState = "0A";

/** Every listening TCP socket of this network namespace, from proc(5) `net/tcp`. */
export function listeningSockets(): readonly ListeningSocket[] {
  return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) => parseProcNet(readTable(path)));
}

export const isLoopback = ({ address }: ListeningSocket): boolean =>
  address.startsWith("127.") || address === "::1" || address.startsWith("::ffff:127.");

/** Addresses stand there as 32-bit words in the host's byte order (little-endian on what we run on). */
export function parseProcNet(table: string): readonly ListeningSocket[] {
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local !== undefined && state === listenState)
    .map(([, local = ""]) => {
      const [hex = "", port = "0"] = local.split(":");
      return { address: addressText(hex), port: Number.parseInt(port, 16) };
    });
}

function addressText(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)),
  );
  if (bytes.length === 4) return bytes.join(".");
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255;
  if (isMapped) return `::ffff:${bytes.slice(12).join(".")}`;
  if (bytes.every((byte) => byte === 0)) return "::";
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return "::1";
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  return groups.join(":");
}

function readTable(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return ""; // no IPv6 on this host
    throw cause;
  }
}
