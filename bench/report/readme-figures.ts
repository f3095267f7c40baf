// The figures in bench/README.md are written by the run that took them, between two marks, never by hand.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const readme = join(import.meta.dir, "../README.md");

/** Replaces what stands between the marks of that name. Throws when the page does not have them. */
export function writeReadmeFigures(
  name: string,
  markdown: string,
  { now, file = readme }: { readonly now: Date; readonly file?: string },
): void {
  const page = readFileSync(file, "utf8");
  const [begin, end] = [`<!-- figures: ${name} -->`, `<!-- end: ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no place for the figures of ${name}`);
  const day = now.toISOString().slice(0, 10);
  const figures = `${begin}\n\nTaken on ${day}.\n\n${markdown}\n`;
  writeFileSync(file, page.slice(0, from) + figures + page.slice(to));
}
