import { expect, test } from "bun:test";
import { CliError } from "../cli-error.ts";
import { readConcurrency } from "./concurrency-option.ts";

test.each([
  ["1", 1],
  ["2", 2],
  ["31", 31],
])("%s processes may share the traffic", (text, count) => {
  expect(readConcurrency(text)).toBe(count);
});

test.each(["0", "-1", "32", "1000", "1.5", "two", "", " 2", "1e1", "0x2", "auto"])(
  "%j is no number of processes",
  (text) => {
    expect(() => readConcurrency(text)).toThrow(CliError);
    expect(() => readConcurrency(text)).toThrow(
      `--concurrency ${text}: expected a whole number from 1 to 31`,
    );
  },
);
