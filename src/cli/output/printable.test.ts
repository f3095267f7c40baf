import { expect, test } from "bun:test";
import { printable } from "./printable.ts";
import { formatTable } from "./table.ts";

test("what would steer a terminal is shown instead of obeyed", () => {
  expect(printable("a\x1b]0;owned\x07b\u009bc\u202ed\r")).toBe(
    "a\\u001b]0;owned\\u0007b\\u009bc\\u202ed\\u000d",
  );
});

test("everything else stays as it is", () => {
  for (const text of ["", "two\nlines\tand more", "ünïcödé 🚀 漢字"])
    expect(printable(text)).toBe(text);
});

test("a cell of a table stays in its row", () => {
  const columns = [{ title: "NAME", cell: (name: string) => name }];
  expect(formatTable(columns, ["a\nb\x1b[2J"])).toBe("NAME\na b\\u001b[2J\n");
});
