import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";

/** What was found where state is kept. */
export type StateFile<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "absent" }
  /** Half written, changed by hand, or another format: not used, and `reason` says why. */
  | { readonly kind: "damaged"; readonly reason: string };

/** `read` turns the parsed JSON into a value, and throws when it cannot. */
export function readStateFile<T>(path: string, read: (json: unknown) => T): StateFile<T> {
  return readText(path, (text) => {
    const newline = text.indexOf("\n");
    const body = text.slice(newline + 1);
    if (text.slice(0, newline) !== headOf(body)) throw new Error(MISFIT);
    return read(JSON.parse(body));
  });
}

/**
 * The same for a file that was added to: `read` gets all records in order, the whole first. Half a record at the end is
 * what a power cut leaves of one that was never kept, and is left out.
 */
export function readStateRecords<T>(
  path: string,
  read: (records: readonly unknown[]) => T,
): StateFile<T> {
  return readText(path, (text) => {
    const lines = text.slice(0, endOf(text)).split("\n");
    const records: unknown[] = [];
    for (let at = 0; at < lines.length; at += 2) {
      const [head, body = ""] = lines.slice(at, at + 2);
      if (head === headOf(body)) records.push(JSON.parse(body));
      else if (at > 0 && at + 2 >= lines.length) break;
      else throw new Error(MISFIT);
    }
    return read(records);
  });
}

/** Room in a file that was made and never filled reads as zeros. */
function endOf(text: string): number {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
  return end;
}

const MISFIT = "its checksum does not fit its content";

function readText<T>(path: string, read: (text: string) => T): StateFile<T> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return { kind: "absent" };
    return { kind: "damaged", reason: `${path} cannot be read: ${String(cause)}` };
  }
  try {
    return { kind: "value", value: read(text) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : cause;
    return { kind: "damaged", reason: `${path}: ${reason}` };
  }
}

/**
 * Replaces the file in one step, readable by its owner alone; on disk when it returns. Returns its length in octets. Throws
 * what the file system throws.
 */
export function writeStateFile(path: string, value: unknown): number {
  const fresh = `${path}.new`;
  const octets = writeThrough(openSync(fresh, "w", 0o600), recordOf(value));
  renameSync(fresh, path);
  return octets;
}

/** Adds a record to a file that is there; otherwise as `writeStateFile`, and with the length of the record. */
export function addToStateFile(path: string, value: unknown): number {
  const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND);
  return writeThrough(fd, `\n${recordOf(value)}`);
}

/** Closes it, too. */
function writeThrough(fd: number, text: string): number {
  try {
    const octets = Buffer.from(text);
    writeAll(fd, octets);
    fsyncSync(fd);
    return octets.length;
  } finally {
    closeSync(fd);
  }
}

/** JSON has no line breaks of its own. */
function recordOf(value: unknown): string {
  const body = JSON.stringify(value);
  return `${headOf(body)}\n${body}`;
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

function headOf(body: string): string {
  return `weft-state 1 sha256:${createHash("sha256").update(body).digest("hex")}`;
}
