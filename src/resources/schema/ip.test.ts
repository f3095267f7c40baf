import { expect, test } from "bun:test";
import { isIP as nodeIsIP } from "node:net";
import fc from "fast-check";
import { asCidr, ipVersion, isCidr } from "./ip.ts";

test("versions agree with the runtime's own reading", () => {
  const texts = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.string({ unit: fc.constantFrom(..."0123456789abcdef:."), maxLength: 20 }),
    fc.constantFrom(
      "::",
      "::1",
      "1::",
      "1::2::3",
      "::ffff:1.2.3.4",
      "1.2.3",
      "01.2.3.4",
      ":::",
      "1:2:3:4:5:6:7::",
      "::1.2.3.4:5",
    ),
  );
  fc.assert(
    fc.property(texts, (text) => {
      expect<number>(ipVersion(text)).toBe(nodeIsIP(text));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["10.0.0.0/8", true],
  ["10.0.0.1", true],
  ["::/0", true],
  ["10.0.0.0/33", false],
  ["::/129", false],
  ["10.0.0.0/", false],
  ["10.0.0.0/8/8", false],
  ["a/8", false],
])("%s as a network: %p", (text, right) => {
  expect(isCidr(text)).toBe(right);
});

test("a single address is a network of one", () => {
  expect(asCidr("192.0.2.1")).toBe("192.0.2.1/32");
  expect(asCidr("::1")).toBe("::1/128");
  expect(asCidr("10.0.0.0/8")).toBe("10.0.0.0/8");
});
