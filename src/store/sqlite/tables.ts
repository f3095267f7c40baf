import type { Database } from "bun:sqlite";

/** "weft" in ASCII: says whose file this is before anything in it is believed. */
export const APPLICATION_ID = 0x77656674;
export const FORMAT = 1;

/**
 * `objects` is what exists; `changes` is the history that watches resume from; the single row of `state` counts and
 * sums the objects, so that a row that vanished or changed without us is noticed (SQLite pages carry no checksum).
 */
export function createTables(database: Database): void {
  database.exec(`
    CREATE TABLE objects (
      kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
      body TEXT NOT NULL, checksum INTEGER NOT NULL,
      PRIMARY KEY (kind, namespace, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE changes (
      revision INTEGER PRIMARY KEY,
      type TEXT NOT NULL, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
      body TEXT NOT NULL, previous TEXT, checksum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE state (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      revision INTEGER NOT NULL, compacted INTEGER NOT NULL,
      objects INTEGER NOT NULL, checksum INTEGER NOT NULL
    ) STRICT;
    INSERT INTO state VALUES (1, 0, 0, 0, 0);
    PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA user_version = ${FORMAT};
  `);
}

export interface ObjectRow {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly body: string;
  readonly checksum: number;
}

export interface ChangeRow extends ObjectRow {
  readonly revision: number;
  readonly type: string;
  readonly previous: string | null;
}

export interface StateRow {
  readonly revision: number;
  readonly compacted: number;
  readonly objects: number;
  readonly checksum: number;
}

export function checksum(...parts: readonly (string | null)[]): number {
  return Bun.hash.crc32(parts.map((part) => part ?? "").join("\0"));
}
