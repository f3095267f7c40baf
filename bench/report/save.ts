import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const results = join(import.meta.dir, "../results");

/** Writes both forms beside each other, named by the moment; returns the path of the JSON. */
export function saveResult(
  name: string,
  { text, json, now }: { readonly text: string; readonly json: unknown; readonly now: Date },
): string {
  mkdirSync(results, { recursive: true });
  const stem = join(results, `${now.toISOString().slice(0, 19).replaceAll(":", "-")}-${name}`);
  writeFileSync(`${stem}.txt`, text);
  writeFileSync(`${stem}.json`, `${JSON.stringify(json, undefined, 2)}\n`);
  return `${stem}.json`;
}
