import { existsSync, readFileSync } from "node:fs";
import { StoreError } from "../store-error.ts";

// SQLite ends recovery of its write-ahead log at the first frame whose checksum does not hold, and says nothing: right
// for a write that a crash cut off, but a flipped bit there would silently undo every acknowledged write behind it.
// The two are told apart here: a transaction begins only when the one before it is on disk, so a crash can leave at
// most one transaction that is not whole. Format: https://www.sqlite.org/fileformat2.html#walformat
const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC_LITTLE_ENDIAN = 0x377f0682;
const MAGIC_BIG_ENDIAN = 0x377f0683;

/** Throws `corrupt` when a frame is bad that a later transaction of the same log stands behind. */
export function checkWriteAheadLog(databaseFile: string): void {
  const file = `${databaseFile}-wal`;
  if (!existsSync(file)) return;
  const bytes = readFileSync(file);
  if (bytes.length <= HEADER_BYTES) return;
  const log = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = log.getUint32(0);
  const littleEndian = magic === MAGIC_LITTLE_ENDIAN;
  let sum: Sum = [0, 0];
  sum = addUp(log, { from: 0, to: 24, littleEndian }, sum);
  if ((!littleEndian && magic !== MAGIC_BIG_ENDIAN) || !sumIs(log, 24, sum))
    throw new StoreError("corrupt", `${file} is damaged: its header does not add up`);
  checkFrames(log, file, littleEndian, sum);
}

function checkFrames(log: DataView, file: string, littleEndian: boolean, start: Sum): void {
  const frameBytes = FRAME_HEADER_BYTES + log.getUint32(8);
  let sum = start;
  let badAt: number | undefined;
  let commitsBehind = 0;
  for (let at = HEADER_BYTES; at + frameBytes <= log.byteLength; at += frameBytes) {
    const ours =
      log.getUint32(at + 8) === log.getUint32(16) && log.getUint32(at + 12) === log.getUint32(20);
    if (!ours && badAt === undefined && !anyOurs(log, at, frameBytes)) return; // left from an earlier round of the log
    sum = addUp(log, { from: at, to: at + 8, littleEndian }, sum);
    sum = addUp(log, { from: at + 24, to: at + frameBytes, littleEndian }, sum);
    if (badAt === undefined && (!ours || !sumIs(log, at + 16, sum))) badAt = at;
    if (badAt !== undefined && ours && log.getUint32(at + 4) !== 0) commitsBehind++;
  }
  if (badAt !== undefined && commitsBehind > 1)
    throw new StoreError("corrupt", `${file} is damaged: the frame at byte ${badAt} was altered`);
}

function anyOurs(log: DataView, from: number, frameBytes: number): boolean {
  for (let at = from; at + frameBytes <= log.byteLength; at += frameBytes)
    if (log.getUint32(at + 8) === log.getUint32(16) && log.getUint32(at + 12) === log.getUint32(20))
      return true;
  return false;
}

type Sum = readonly [number, number];

function addUp(
  log: DataView,
  { from, to, littleEndian }: { from: number; to: number; littleEndian: boolean },
  [start0, start1]: Sum,
): Sum {
  let s0 = start0;
  let s1 = start1;
  for (let at = from; at < to; at += 8) {
    s0 = (s0 + log.getUint32(at, littleEndian) + s1) >>> 0;
    s1 = (s1 + log.getUint32(at + 4, littleEndian) + s0) >>> 0;
  }
  return [s0, s1];
}

function sumIs(log: DataView, at: number, [s0, s1]: Sum): boolean {
  return log.getUint32(at) === s0 && log.getUint32(at + 4) === s1;
}
