import { expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { ID_PARTS, type IdPart, isTraceparent, RandomIds, RequestIds } from "./random-ids.ts";

const isValid = (value: string): boolean =>
  isTraceparent(Buffer.from(`x${value}x`, "latin1"), 1, 1 + value.length);

const random = new RandomIds((bytes) => crypto.getRandomValues(bytes));

function next(sampled: boolean): RequestIds {
  const ids = new RequestIds();
  random.renew(ids, sampled);
  return ids;
}

test("a new traceparent is valid, and says whether it is sampled", () => {
  for (const [sampled, flags] of [
    [true, "-01"],
    [false, "-00"],
  ] as const) {
    const ids = next(sampled);
    const made = ids.text(ID_PARTS.traceparent);
    expect(isValid(made)).toBe(true);
    expect(made).toEndWith(flags);
    const lines = ids.text(ID_PARTS.bothLines);
    expect(lines).toBe(`traceparent: ${made}\r\nx-request-id: ${ids.text(ID_PARTS.requestId)}\r\n`);
    expect(lines).toBe(ids.text(ID_PARTS.traceparentLine) + ids.text(ID_PARTS.requestIdLine));
  }
});

test("request ids are UUIDs of version 4, and neither they nor traces ever repeat", () => {
  const made = Array.from({ length: 10_000 }, () => next(false));
  const texts = (part: IdPart): string[] => made.map((ids) => ids.text(part));
  expect(new Set(texts(ID_PARTS.requestId)).size).toBe(made.length);
  expect(new Set(texts(ID_PARTS.traceparent)).size).toBe(made.length);
  for (const id of texts(ID_PARTS.requestId).slice(0, 500))
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test.each([
  ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true],
  ["cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-future", true],
  ["ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false],
  ["00-00000000000000000000000000000000-00f067aa0ba902b7-01", false],
  ["00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false],
  ["00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false],
  ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-future", false],
  ["cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01future", false],
  ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g", false],
  ["00-4bf92f3577b34da6a3ce929d0e0e4736.00f067aa0ba902b7-01", false],
  ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", false],
  ["", false],
  ["garbage", false],
])("%s is a traceparent: %s", (value, expected) => {
  expect(isValid(value)).toBe(expected);
});
