// The result that later ones are held against, in the repository.
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { BenchResult } from "./result.ts";

const root = join(import.meta.dir, "../..");

/** From the root of the repository. */
export const BASELINE = "bench/results/baseline.json";

/** A path as the user gives it, or `BASELINE`. Throws when the file is not a result of this bench. */
export function readBaseline(file: string): BenchResult {
  const path = file === BASELINE ? join(root, file) : resolve(file);
  const value: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (typeof value !== "object" || value === null || !("comparisons" in value && "memory" in value))
    throw new Error(`${file} is not a result of the bench: it has no comparisons`);
  return value as BenchResult;
}

/** Without the single runs, which only make it long. */
export function writeBaseline(result: BenchResult, path = join(root, BASELINE)): void {
  const rounded = JSON.stringify({ ...result, samples: [] }, shorten, 1);
  writeFileSync(path, `${rounded}\n`);
}

const shorten = (_: string, value: unknown): unknown =>
  typeof value === "number" ? Number(value.toPrecision(5)) : value;
