import { Database } from "bun:sqlite";
import { chmodSync, closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { JournaledStore } from "../journaled-store.ts";
import type { Store } from "../store.ts";
import { StoreError } from "../store-error.ts";
import { recover } from "./recover.ts";
import { storeErrorOf } from "./sqlite-error.ts";
import { SqliteJournal } from "./sqlite-journal.ts";
import { createTables } from "./tables.ts";
import { checkWriteAheadLog } from "./write-ahead-log.ts";

export interface SqliteStoreOptions {
  readonly file: string;
  readonly keepChanges?: number;
  /** Pages (4 KiB) that the file may grow to; writes past it fail with `full`. Absent: what the disk has. */
  readonly maxPages?: number;
}

/**
 * Opens or makes the store in a file that only its owner may read, and holds it alone until it is disposed.
 * Throws StoreError `locked` when another process has it, `corrupt` when what it holds does not add up.
 */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const { file, keepChanges = 10_000, maxPages } = options;
  let database: Database | undefined;
  try {
    const isNew = ownFile(file);
    if (!isNew) inspectWriteAheadLog(file);
    database = new Database(file, { readwrite: true, strict: true });
    setUp(database, maxPages);
    if (isNew || isEmpty(database)) createTables(database);
    const recovered = recover(database, file);
    startFreshLog(database, file);
    const journal = new SqliteJournal(database, file);
    return new JournaledStore({ journal, recovered, keepChanges });
  } catch (error) {
    database?.close();
    throw storeErrorOf(error, file);
  }
}

/** Before SQLite opens the file, since it repairs its log in its own way. Another process may be writing right now. */
function inspectWriteAheadLog(file: string): void {
  try {
    checkWriteAheadLog(file);
  } catch (damage) {
    if (isInUse(file)) throw new StoreError("locked", `${file} is in use by another process`);
    throw damage;
  }
}

/** Read-only, so that closing it neither checkpoints nor removes the log. */
function isInUse(file: string): boolean {
  const database = new Database(file, { readonly: true });
  try {
    database.query("SELECT 1 FROM sqlite_schema").get();
    return false;
  } catch (error) {
    return storeErrorOf(error, file).code === "locked";
  } finally {
    database.close();
  }
}

/** Makes sure that the file exists, with its folder, for its owner only. Says whether it is new. */
function ownFile(file: string): boolean {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(file, "a", 0o600));
    chmodSync(file, 0o600);
    return statSync(file).size === 0;
  } catch (cause) {
    throw new StoreError("io", `${file} cannot be opened: ${String(cause)}`, cause);
  }
}

function setUp(database: Database, maxPages: number | undefined): void {
  // Exclusive before the first access: the lock is ours until we close, and no shared-memory file is needed.
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = FULL");
  database.exec("BEGIN IMMEDIATE; COMMIT");
  if (maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${maxPages}`);
}

/** So that no remains of a transaction that a crash cut off stand in the log behind what is written from now on. */
function startFreshLog(database: Database, file: string): void {
  try {
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (cause) {
    const error = storeErrorOf(cause, file);
    if (error.code !== "full") throw error; // a full disk can still be read from
  }
}

/** A crash between making the file and making its tables leaves one without any. */
function isEmpty(database: Database): boolean {
  return database.query("SELECT 1 FROM sqlite_schema").get() === null;
}
