import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";

/** What was found where state is kept. */
export type StateFile<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "absent" }
  /** Half written, changed by hand, or another format: not used, and `reason` says why. */
  | { readonly kind: "damaged"; readonly reason: string };

/** `read` turns the parsed JSON into a value, and throws when it cannot. */
export function readStateFile<T>(path: string, read: (json: unknown) => T): StateFile<T> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return { kind: "absent" };
    return { kind: "damaged", reason: `${path} cannot be read: ${String(cause)}` };
  }
  const newline = text.indexOf("\n");
  const body = text.slice(newline + 1);
  if (text.slice(0, newline) !== headOf(body))
    return { kind: "damaged", reason: `${path}: its checksum does not fit its content` };
  try {
    return { kind: "value", value: read(JSON.parse(body)) };
  } catch (cause) {
    return {
      kind: "damaged",
      reason: `${path}: ${cause instanceof Error ? cause.message : cause}`,
    };
  }
}

/** Replaces the file in one step, readable by its owner alone; on disk when it returns. Throws what the file system throws. */
export function writeStateFile(path: string, value: unknown): void {
  const body = JSON.stringify(value);
  const fresh = `${path}.new`;
  const fd = openSync(fresh, "w", 0o600);
  try {
    writeAll(fd, `${headOf(body)}\n${body}`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, path);
}

function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

function headOf(body: string): string {
  return `weft-state 1 sha256:${createHash("sha256").update(body).digest("hex")}`;
}
