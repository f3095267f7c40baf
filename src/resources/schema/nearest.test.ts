import { expect, test } from "bun:test";
import { nearest } from "./nearest.ts";

const names = ["retries", "timeout", "perTryTimeout", "match", "route", "uri"];

test.each([
  ["retires", "retries"],
  ["per_try_timeout", "perTryTimeout"],
  ["Timeout", "timeout"],
  ["url", "uri"],
  ["mach", "match"],
  ["something", undefined],
  ["", undefined],
  ["x".repeat(1000), undefined],
])("near %p is %p", (written, name) => {
  expect(nearest(written, names)).toBe(name as string);
});
