import { expect, test } from "bun:test";
import { cluster } from "../../../test/support/config-samples.ts";
import { findCulprits } from "./find-culprits.ts";

const sent = ["a", "a.shop", "outbound|80||b.shop"].map((name) => cluster(name));
const blamed = (reason: string) => findCulprits(sent, reason).map(({ name }) => name);

test("a quoted name is the one at fault, whatever else occurs", () => {
  expect(blamed('cluster "a.shop": it is not like a')).toEqual(["a.shop"]);
});

test("a name that is part of a longer one is not meant", () => {
  expect(blamed("Error adding outbound|80||b.shop: bad")).toEqual(["outbound|80||b.shop"]);
});

test("a text that names nothing blames nobody", () => {
  expect(blamed("Protobuf failure in an unknown place")).toEqual([]);
});

test("what was sent alone is at fault, whatever the text says", () => {
  expect(findCulprits(sent.slice(0, 1), "no").map(({ name }) => name)).toEqual(["a"]);
});
