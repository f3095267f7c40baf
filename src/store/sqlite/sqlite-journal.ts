import type { Database } from "bun:sqlite";
import type { Change } from "../change.ts";
import type { Journal } from "../journal.ts";
import { StoreError } from "../store-error.ts";
import { storeErrorOf } from "./sqlite-error.ts";
import { checksum } from "./tables.ts";

/** One transaction, and so one wait for the disk, per append. */
export class SqliteJournal implements Journal {
  readonly #database: Database;
  readonly #file: string;
  readonly #statements: ReturnType<typeof prepare>;
  #failed: StoreError | undefined;

  constructor(database: Database, file: string) {
    this.#database = database;
    this.#file = file;
    this.#statements = prepare(database);
  }

  append(changes: readonly Change[]): void {
    this.#transact(() => {
      for (const change of changes) this.#write(change);
    });
  }

  compact(revision: number): void {
    this.#transact(() => {
      this.#statements.forget.run(revision);
      this.#statements.compacted.run(revision);
    });
  }

  close(): void {
    try {
      this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (cause) {
      // The log stays beside the file then, and is read at the next start.
      if (storeErrorOf(cause, this.#file).code !== "full")
        this.#failed ??= storeErrorOf(cause, this.#file);
    } finally {
      this.#database.close();
    }
  }

  #write({ key, type, object, previous, revision }: Change): void {
    const { kind, namespace, name } = key;
    const { put, remove, record, account } = this.#statements;
    const body = JSON.stringify(object);
    const before = previous === undefined ? null : JSON.stringify(previous);
    const sum = checksum(kind, namespace, name, body);
    const sumBefore = before === null ? 0 : checksum(kind, namespace, name, before);
    const change = checksum(String(revision), type, kind, namespace, name, body, before);
    record.run(revision, type, kind, namespace, name, body, before, change);
    if (type === "deleted") {
      remove.run(kind, namespace, name);
      account.run(revision, -1, sumBefore, sumBefore);
    } else {
      put.run(kind, namespace, name, body, sum);
      const toggled = (sum ^ sumBefore) >>> 0;
      account.run(revision, before === null ? 1 : 0, toggled, toggled);
    }
  }

  #transact(work: () => void): void {
    if (this.#failed) throw this.#failed;
    try {
      this.#database.transaction(work).immediate();
    } catch (cause) {
      const error = storeErrorOf(cause, this.#file);
      // After a failed write to the disk nobody knows what it holds (a second fsync may report a success that never
      // was), so nothing more is acknowledged until the file has been opened and checked again.
      if (error.code !== "full") {
        const message = `${error.message}; writes are refused until a restart`;
        this.#failed = new StoreError(error.code, message, cause);
      }
      throw error;
    }
  }
}

function prepare(database: Database) {
  return {
    put: database.query(
      "INSERT INTO objects VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body, checksum = excluded.checksum",
    ),
    remove: database.query("DELETE FROM objects WHERE kind = ? AND namespace = ? AND name = ?"),
    record: database.query("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
    // SQLite has no exclusive or: a ^ b = (a | b) - (a & b).
    account: database.query(
      "UPDATE state SET revision = ?, objects = objects + ?, checksum = (checksum | ?) - (checksum & ?)",
    ),
    forget: database.query("DELETE FROM changes WHERE revision <= ?"),
    compacted: database.query("UPDATE state SET compacted = ?"),
  };
}
