import { expect, test } from "bun:test";
import { readLimitOptions } from "./limit-option.ts";

test("limits are read by name", () => {
  expect(readLimitOptions(["connections=20", "unread-time=5s"], "weft")).toEqual({
    ...{ connections: 20, "unread-time": 5_000 },
  });
  expect(readLimitOptions([], "envoy")).toEqual({});
});

test.each([
  [["none=1"], "weft", '--limit "none" is no limit'],
  [["connections=x"], "weft", "--limit connections=x: expected a whole number"],
  [["connections=1", "connections=2"], "weft", "is given twice"],
  [["connections=1"], "envoy", "Weft's own engine"],
])("%p for %s is refused in words", (texts, engine, words) => {
  expect(() => readLimitOptions(texts, engine)).toThrow(words);
});
