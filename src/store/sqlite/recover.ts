import type { Database } from "bun:sqlite";
import type { Change } from "../change.ts";
import type { Recovered } from "../journal.ts";
import { StoreError } from "../store-error.ts";
import { readStoredObject } from "../stored-object.ts";
import {
  APPLICATION_ID,
  type ChangeRow,
  checksum,
  FORMAT,
  type ObjectRow,
  type StateRow,
} from "./tables.ts";

/** Reads everything, and believes nothing that does not add up: throws `corrupt` and names the first thing found. */
export function recover(database: Database, file: string): Recovered {
  checkFormat(database, file);
  checkIntegrity(database, file);
  const state = database.query<StateRow, []>("SELECT * FROM state").get();
  if (!state) throw damaged(file, "its state row is missing");
  const objects = readObjects(database, file, state);
  const changes = readChanges(database, file, state);
  return { revision: state.revision, compacted: state.compacted, objects, changes };
}

function checkFormat(database: Database, file: string): void {
  const pragma = (name: string): unknown =>
    Object.values(database.query<Record<string, unknown>, []>(`PRAGMA ${name}`).get() ?? {})[0];
  if (pragma("application_id") !== APPLICATION_ID)
    throw damaged(file, "it is not a Weft store, or its header is overwritten");
  const format = pragma("user_version");
  if (format !== FORMAT)
    throw new StoreError("corrupt", `${file} has format ${format}; this program reads ${FORMAT}`);
}

function checkIntegrity(database: Database, file: string): void {
  const rows = database.query<{ integrity_check: string }, []>("PRAGMA integrity_check(1)").all();
  const finding = rows[0]?.integrity_check ?? "no answer";
  if (finding !== "ok") throw damaged(file, finding);
}

function readObjects(database: Database, file: string, state: StateRow): Recovered["objects"] {
  let sum = 0;
  const rows = database.query<ObjectRow, []>("SELECT * FROM objects").all();
  const objects = rows.map(({ kind, namespace, name, body, ...row }) => {
    const expected = checksum(kind, namespace, name, body);
    if (row.checksum !== expected) throw damaged(file, `${kind} ${namespace}/${name} was altered`);
    sum ^= expected;
    return { key: { kind, namespace, name }, object: readStoredObject(body, file) };
  });
  if (rows.length !== state.objects || sum >>> 0 !== state.checksum)
    throw damaged(file, `it holds ${rows.length} objects where ${state.objects} were written`);
  return objects;
}

function readChanges(database: Database, file: string, state: StateRow): readonly Change[] {
  const rows = database.query<ChangeRow, []>("SELECT * FROM changes ORDER BY revision").all();
  if (rows.length !== state.revision - state.compacted)
    throw damaged(file, "its history has a gap");
  return rows.map(({ revision, type, kind, namespace, name, body, previous, ...row }) => {
    const expected = checksum(String(revision), type, kind, namespace, name, body, previous);
    if (row.checksum !== expected || !isType(type))
      throw damaged(file, `change ${revision} was altered`);
    const key = { kind, namespace, name };
    const change = { revision, type, key, object: readStoredObject(body, file) };
    return previous === null ? change : { ...change, previous: readStoredObject(previous, file) };
  });
}

function isType(type: string): type is Change["type"] {
  return type === "added" || type === "modified" || type === "deleted";
}

function damaged(file: string, finding: string): StoreError {
  return new StoreError("corrupt", `${file} is damaged: ${finding}`);
}
