import { SQLiteError } from "bun:sqlite";
import { StoreError } from "../store-error.ts";

/** What SQLite says, in the store's words. `file` is named so that the operator knows where to look. */
export function storeErrorOf(error: unknown, file: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = error instanceof SQLiteError ? (error.code ?? "") : "";
  const said = error instanceof Error ? error.message : String(error);
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED"))
    return new StoreError("locked", `${file} is in use by another process`, error);
  if (code.startsWith("SQLITE_FULL"))
    return new StoreError("full", `no space left to write ${file}`, error);
  if (code.startsWith("SQLITE_CORRUPT") || code.startsWith("SQLITE_NOTADB"))
    return new StoreError("corrupt", `${file} is damaged: ${said}`, error);
  return new StoreError("io", `${file}: ${said}`, error);
}
