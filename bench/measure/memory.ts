import { readFileSync } from "node:fs";

/** In megabytes (10^6 bytes), summed over the processes. */
export interface Memory {
  readonly rssMb: number;
  /** Pages shared with other processes count in proportion. */
  readonly pssMb: number;
  /** Pages that nobody else maps: what would be free without these processes. */
  readonly privateMb: number;
}

export const noMemory: Memory = { rssMb: 0, pssMb: 0, privateMb: 0 };

/** From `smaps_rollup`. Throws when one of the processes is gone. */
export function readMemory(pids: readonly number[]): Memory {
  const texts = pids.map((pid) => readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
  const sum = (...fields: readonly string[]): number =>
    texts
      .flatMap((text) => fields.map((field) => kilobytes(text, field) * 1_024))
      .reduce((total, bytes) => total + bytes, 0) / 1e6;
  return {
    rssMb: sum("Rss"),
    pssMb: sum("Pss"),
    privateMb: sum("Private_Clean", "Private_Dirty"),
  };
}

function kilobytes(text: string, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
  if (found === undefined) throw new Error(`smaps_rollup has no ${field}`);
  return Number(found);
}
