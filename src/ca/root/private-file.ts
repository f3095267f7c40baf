import { randomBytes } from "node:crypto";
import { type FileHandle, link, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { CaError } from "../ca-error.ts";

/**
 * The text of a secret file of mode 0600; undefined when there is none. Throws CaError `storage`, also when other users could
 * read it.
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0)
      throw new CaError(
        "storage",
        `${path} holds a private key and others may read it (mode ${(mode & 0o777).toString(8)}): chmod 600 it`,
      );
    return await readFile(path, "utf8");
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return undefined;
    throw storageError(`cannot read ${path}`, cause);
  }
}

/**
 * Makes the file with mode 0600 unless it exists, and returns what it then holds: of two processes that start at once both
 * get the winner's text. After a power cut the file is whole or absent. Throws CaError `storage`.
 */
export async function createPrivateFile(path: string, text: string): Promise<string> {
  await withTemporary(path, text, 0o600, async (temporary) => {
    await link(temporary, path).catch((cause: unknown) => {
      if (!isCode(cause, "EEXIST")) throw cause;
    });
  });
  const held = await readPrivateFile(path);
  if (held === undefined) throw new CaError("storage", `${path} vanished while it was made`);
  return held;
}

/** Replaces a file in one step: readers see the old text or the new. Throws CaError `storage`. */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  await withTemporary(path, text, mode, (temporary) => rename(temporary, path));
}

/** Gives a file of ours another name in the same folder, over what has that name now, in one step. */
export async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
    await syncFolder(dirname(to));
  } catch (cause) {
    throw storageError(`cannot move ${from} to ${to}`, cause);
  }
}

async function withTemporary(
  path: string,
  text: string,
  mode: number,
  publish: (temporary: string) => Promise<void>,
): Promise<void> {
  const folder = dirname(path);
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeThrough(await open(temporary, "wx", mode), text);
    await publish(temporary);
    await syncFolder(folder);
  } catch (cause) {
    throw storageError(`cannot write ${path}`, cause);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeThrough(file: FileHandle, text: string): Promise<void> {
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A new name is on disk only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function isCode(cause: unknown, code: string): boolean {
  return cause instanceof Error && "code" in cause && cause.code === code;
}

export function storageError(what: string, cause: unknown): CaError {
  if (cause instanceof CaError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CaError("storage", `${what}: ${why}`, { cause });
}
