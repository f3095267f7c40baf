import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { describePath, FieldSet } from "./field-set.ts";
import { fieldElement, keyElement, valueElement } from "./path-element.ts";

const element = fc.constantFrom(
  fieldElement("a"),
  fieldElement("b"),
  keyElement({ name: "x" }),
  keyElement({ protocol: "TCP", port: 80 }),
  valueElement("v"),
  valueElement(1),
);
const set = fc
  .array(fc.array(element, { minLength: 1, maxLength: 4 }), { maxLength: 8 })
  .map(FieldSet.of);
const check = (property: fc.IPropertyWithHooks<never>) =>
  fc.assert(property, { seed: 5, numRuns: 300 });
const texts = (fields: FieldSet) => [...fields.paths()].map((path) => path.join(" ")).sort();

describe("a set of fields", () => {
  test("comes back from FieldsV1 as it was", () => {
    check(
      fc.property(set, (fields) => {
        const read = FieldSet.readFieldsV1(JSON.parse(JSON.stringify(fields.toFieldsV1())));
        expect(read && texts(read)).toEqual(texts(fields));
      }) as never,
    );
  });

  test("unites, intersects and differs like the set of its paths", () => {
    check(
      fc.property(set, set, (a, b) => {
        const [left, right] = [new Set(texts(a)), new Set(texts(b))];
        expect(texts(a.union(b))).toEqual([...left.union(right)].sort());
        expect(texts(a.intersection(b))).toEqual([...left.intersection(right)].sort());
        expect(texts(a.difference(b))).toEqual([...left.difference(right)].sort());
        for (const path of a.paths()) expect(a.has(path)).toBe(true);
      }) as never,
    );
  });

  test("reads keys whatever their order, and refuses what is no path element", () => {
    const read = FieldSet.readFieldsV1({
      "f:ports": { 'k:{"protocol":"TCP","port":80}': { ".": {} } },
    });
    expect(read?.has([fieldElement("ports"), keyElement({ port: 80, protocol: "TCP" })])).toBe(
      true,
    );
    for (const bad of [null, [], { x: {} }, { "k:{": {} }, { "f:a": 1 }, { "i:x": {} }])
      expect(FieldSet.readFieldsV1(bad)).toBeUndefined();
  });

  test("names its paths as messages do", () => {
    const path = [
      fieldElement("spec"),
      fieldElement("ports"),
      keyElement({ port: 80, protocol: "TCP" }),
      fieldElement("name"),
    ];
    expect(describePath(path)).toBe('.spec.ports[port=80,protocol="TCP"].name');
    expect(describePath([fieldElement("tags"), valueElement("a")])).toBe('.tags[="a"]');
  });
});
