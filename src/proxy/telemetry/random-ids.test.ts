import { expect, test } from "bun:test";
import { idLines, isTraceparent, RandomIds } from "./random-ids.ts";

const ids = new RandomIds((bytes) => crypto.getRandomValues(bytes));

test("a new traceparent is valid, and says whether it is sampled", () => {
  for (const [sampled, flags] of [
    [true, "-01"],
    [false, "-00"],
  ] as const) {
    const lines = ids.next(sampled);
    const made = idLines.traceparent(lines);
    expect(isTraceparent(made)).toBe(true);
    expect(made).toEndWith(flags);
    expect(lines).toBe(`traceparent: ${made}\r\nx-request-id: ${idLines.requestId(lines)}\r\n`);
    expect(lines).toBe(idLines.traceparentLine(lines) + idLines.requestIdLine(lines));
  }
});

test("request ids are UUIDs of version 4, and neither they nor traces ever repeat", () => {
  const made = Array.from({ length: 10_000 }, () => ids.next(false));
  expect(new Set(made.map(idLines.requestId)).size).toBe(made.length);
  expect(new Set(made.map(idLines.traceparent)).size).toBe(made.length);
  for (const lines of made.slice(0, 500))
    expect(idLines.requestId(lines)).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
});

test.each([
  ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true],
  ["cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-future", true],
  ["ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false],
  ["00-00000000000000000000000000000000-00f067aa0ba902b7-01", false],
  ["00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false],
  ["00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false],
  ["garbage", false],
])("%s is a traceparent: %s", (value, expected) => {
  expect(isTraceparent(value)).toBe(expected);
});
