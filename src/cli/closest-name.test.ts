import { expect, test } from "bun:test";
import { closestName } from "./closest-name.ts";

const names = ["demo", "dev", "delete", "proxies", "proxy", "completion"];

test("one slip of the fingers finds the name", () => {
  expect(closestName("demoo", names)).toBe("demo");
  expect(closestName("dmeo", names)).toBe("demo");
  expect(closestName("porxies", names)).toBe("proxies");
});

test("the beginning of a name finds it", () => {
  expect(closestName("comp", names)).toBe("completion");
});

test("a word that is like none finds none", () => {
  expect(closestName("banana", names)).toBeUndefined();
});
