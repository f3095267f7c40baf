import { expect, test } from "bun:test";
import { secretCheck } from "./run-secret.ts";

const check = secretCheck("s3cret-_x");
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString("base64")}`;

test("the secret of the run passes, in any spelling of the scheme", () => {
  expect(check(basic("weft:s3cret-_x"))).toBe(true);
  expect(check(basic("weft:s3cret-_x").replace("Basic", "basic"))).toBe(true);
});

test.each([
  undefined,
  "",
  "Basic",
  basic("weft:"),
  basic("weft:s3cret-_"),
  basic("weft:s3cret-_xx"),
  basic("root:s3cret-_x"),
  "Bearer s3cret-_x",
])("%p does not", (field) => {
  expect(check(field)).toBe(false);
});
