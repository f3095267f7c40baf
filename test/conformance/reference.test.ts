import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import Type from "typebox";
import { applyConfig } from "#apiserver/fields/apply-config.ts";
import { describePath, FieldSet } from "#apiserver/fields/field-set.ts";
import type { Managers } from "#apiserver/fields/managers.ts";
import { ShapeError } from "#apiserver/fields/shape.ts";
import { trackUpdate } from "#apiserver/fields/track-update.ts";
import { PatchError } from "#apiserver/patch/patch-error.ts";
import { strategicPatch } from "#apiserver/patch/strategic-patch.ts";
import type { JsonSchema } from "#resources/kind.ts";
import { isObject } from "#resources/schema/field-path.ts";
import { integer, list, map, object, optional, text } from "#resources/schema/fields.ts";
import { gadgetKind } from "../support/api-kinds.ts";
import { buildReference, type Reference } from "./reference.ts";

const SEED = Number(process.env.WEFT_TEST_SEED ?? 20_260_101);
const CASES = 1500;

const directory = mkdtempSync(join(tmpdir(), "weft-reference-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const hasGo = Bun.which("go") !== null;
if (!hasGo)
  console.warn("skipped: Kubernetes' own libraries as a reference, since Go is not installed");

let reference: Reference;
beforeAll(async () => {
  const built = hasGo ? await buildReference(directory) : undefined;
  if (built) reference = built;
}, 300_000);

const thing = Type.Object({
  spec: optional(
    object(
      {
        size: optional(integer("A number.")),
        color: optional(text("A text.")),
        tags: optional(list(Type.String(), "A set.", { "x-kubernetes-list-type": "set" })),
        steps: optional(list(Type.String(), "One value.")),
        options: optional(map(Type.String(), "A map.")),
        limits: optional(map(Type.String(), "One value.", { "x-kubernetes-map-type": "atomic" })),
        inner: optional(
          object(
            { deep: optional(text("A text.")), other: optional(text("A text.")) },
            "An object.",
          ),
        ),
        parts: optional(
          list(
            object(
              {
                name: text("Key."),
                weight: optional(integer("A number.")),
                labels: optional(map(Type.String(), "A map.")),
                tags: optional(list(Type.String(), "A set.", { "x-kubernetes-list-type": "set" })),
              },
              "An item.",
            ),
            "A list by key.",
            { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] },
          ),
        ),
        free: optional(object({}, "Anything.", { "x-kubernetes-preserve-unknown-fields": true })),
      },
      "The spec.",
    ),
  ),
}) as unknown as JsonSchema;

/** Our schema in the words of structured-merge-diff. */
function smdType(schema: JsonSchema | undefined): Record<string, unknown> {
  if (schema === undefined) return { namedType: "__untyped_deduced_" };
  const atomic = "atomic";
  if (schema.type === "array") {
    const kind = schema["x-kubernetes-list-type"] ?? atomic;
    const keys = schema["x-kubernetes-list-map-keys"];
    const elementRelationship = kind === atomic ? atomic : "associative";
    return {
      list: {
        elementType: smdType(schema.items as JsonSchema),
        elementRelationship,
        ...(keys ? { keys } : {}),
      },
    };
  }
  if (schema.type === "object") {
    const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
    const isAtomic = schema["x-kubernetes-map-type"] === atomic;
    const isOpen = schema["x-kubernetes-preserve-unknown-fields"] === true;
    const values = schema.additionalProperties as JsonSchema | undefined;
    return {
      map: {
        fields: properties.map(([name, property]) => ({ name, type: smdType(property) })),
        ...(values ? { elementType: smdType(values) } : {}),
        ...(isOpen ? { elementType: smdType(undefined) } : {}),
        ...(isAtomic ? { elementRelationship: atomic } : {}),
      },
    };
  }
  return { scalar: schema.type === "string" ? "string" : "numeric" };
}

const smdSchema = JSON.stringify({
  types: [
    { name: "root", ...smdType(thing) },
    {
      name: "__untyped_atomic_",
      scalar: "untyped",
      list: { elementType: { namedType: "__untyped_atomic_" }, elementRelationship: "atomic" },
      map: { elementType: { namedType: "__untyped_atomic_" }, elementRelationship: "atomic" },
    },
    {
      name: "__untyped_deduced_",
      scalar: "untyped",
      list: { elementType: { namedType: "__untyped_atomic_" }, elementRelationship: "atomic" },
      map: { elementType: { namedType: "__untyped_deduced_" }, elementRelationship: "separable" },
    },
  ],
});

const word = fc.constantFrom("a", "b", "c", "d");
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 6 });
const texts = fc.dictionary(word, word, { maxKeys: 3 });
const set = fc.uniqueArray(word, { maxLength: 4 });

const partArbitrary = fc.record(
  { name: word, weight: fc.integer({ min: 0, max: 3 }), labels: texts, tags: set },
  { requiredKeys: ["name"] },
);
const specArbitrary = fc.record(
  {
    size: fc.integer({ min: 0, max: 3 }),
    color: word,
    tags: set,
    steps: fc.array(word, { maxLength: 3 }),
    options: texts,
    limits: texts,
    inner: fc.record({ deep: word, other: word }, { requiredKeys: [] }),
    parts: fc.uniqueArray(partArbitrary, { maxLength: 4, selector: ({ name }) => name }),
    free: fc.dictionary(word, fc.oneof(word, texts, fc.array(word, { maxLength: 2 })), {
      maxKeys: 2,
    }),
  },
  { requiredKeys: [] },
);

interface Step {
  readonly verb: "apply" | "update";
  readonly manager: string;
  readonly object: Record<string, unknown>;
  readonly force: boolean;
}

const stepArbitrary: fc.Arbitrary<Step> = fc
  .record({
    isApply: fc.boolean(),
    who: fc.constantFrom("1", "2"),
    spec: some(specArbitrary),
    force: fc.boolean(),
  })
  .map(({ isApply, who, spec, force }) => ({
    verb: isApply ? "apply" : "update",
    manager: `${isApply ? "applier" : "updater"}-${who}`,
    object: spec === undefined ? {} : { spec },
    force: isApply && force,
  }));

interface StepResult {
  readonly object: unknown;
  readonly managers: Readonly<Record<string, unknown>>;
  readonly conflicts: readonly string[];
}

/** What our own functions make of the same steps. */
function ours(steps: readonly Step[]): readonly StepResult[] {
  let live: unknown = {};
  let managers: Managers = new Map();
  return steps.map(({ verb, manager, object: wished, force }) => {
    const writer = { name: manager, apiVersion: "v1", subresource: "", time: undefined };
    let conflicts: readonly string[] = [];
    if (verb === "update") {
      managers = trackUpdate(thing, { before: live, after: wished }, managers, writer);
      live = wished;
    } else {
      const request = { live, config: wished, managers, writer, force, ignored: FieldSet.empty };
      const applied = applyConfig(thing, request);
      if (applied.kind === "applied") ({ object: live, managers } = applied);
      else
        conflicts = applied.conflicts.map((one) => `${one.manager.name} ${describePath(one.path)}`);
    }
    const owned = [...managers.values()].map((one) => [one.name, one.fields.toFieldsV1()] as const);
    return {
      object: clean(live),
      managers: Object.fromEntries(owned),
      conflicts: [...conflicts].sort(),
    };
  });
}

/** Nothing, null and empty are told apart where it matters, in who owns what; a cluster's decoder drops the rest. */
function clean(value: unknown): unknown {
  if (!isObject(value)) return Array.isArray(value) ? value.map(clean) : value;
  const entries = Object.entries(value).filter(
    ([key, child]) => child !== null && child !== undefined && !key.startsWith("$"),
  );
  return Object.fromEntries(entries.map(([key, child]) => [key, clean(child)]));
}

/** As they come out of JSON, since that is what both sides get. */
function sample<T>(arbitrary: fc.Arbitrary<T>): readonly T[] {
  return JSON.parse(JSON.stringify(fc.sample(arbitrary, { numRuns: CASES, seed: SEED })));
}

interface ReferenceStep {
  readonly object: unknown;
  readonly managers: Readonly<Record<string, unknown>>;
  readonly conflicts?: readonly string[];
  readonly error?: string;
}

describe.skipIf(!hasGo)("against Kubernetes' own libraries", () => {
  test("server-side apply and updates give the same objects, owners and conflicts", async () => {
    const runs = sample(fc.array(stepArbitrary, { minLength: 2, maxLength: 6 }));
    const answers = await reference(
      runs.map((steps) => ({ kind: "apply", schema: smdSchema, steps })),
    );
    let conflicts = 0;
    for (const [i, steps] of runs.entries()) {
      const expected = (answers[i] as { steps: ReferenceStep[] }).steps.map((one) => {
        expect(one.error).toBeUndefined();
        if (one.conflicts) conflicts++;
        return {
          object: clean(one.object ?? {}),
          managers: one.managers,
          conflicts: [...(one.conflicts ?? [])].sort(),
        };
      });
      expect({ steps, results: ours(steps) }).toEqual({ steps, results: expected });
    }
    expect(conflicts).toBeGreaterThan(CASES / 10);
  }, 60_000);

  test("strategic merge patches give the same objects", async () => {
    const samples = sample(fc.tuple(gadgetArbitrary, gadgetPatchArbitrary));
    const answers = await reference(
      samples.map(([target, patch]) => ({ kind: "strategic", target, patch })),
    );
    let agreed = 0;
    for (const [i, [target, patch]] of samples.entries()) {
      const answer = answers[i] as { result?: unknown; error?: string };
      const mine = attempt(() => strategicPatch(gadgetKind.schema, target, patch));
      // An order for an empty list is an error there for no reason of its own; here it has no effect.
      if (answer.error === "no elements in any of the given slices") continue;
      if (answer.error !== undefined) {
        expect({ target, patch, mine }).toEqual({ target, patch, mine: "refused" });
        continue;
      }
      agreed++;
      expect({ target, patch, mine }).toEqual({ target, patch, mine: clean(answer.result) });
    }
    expect(agreed).toBeGreaterThan(CASES / 2);
  }, 60_000);
});

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    if (error instanceof PatchError || error instanceof ShapeError) return "refused";
    throw error;
  }
}

const number = fc.integer({ min: 1, max: 4 });
const portArbitrary = fc.record(
  { port: number, name: word, protocol: fc.constantFrom("TCP", "UDP") },
  { requiredKeys: ["port"] },
);
const portsArbitrary = fc.uniqueArray(portArbitrary, {
  maxLength: 4,
  selector: ({ port }) => port,
});

const gadgetArbitrary = fc.record(
  {
    data: texts,
    spec: fc.record(
      { ports: portsArbitrary, words: set, steps: fc.array(word, { maxLength: 3 }) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

const portPatchArbitrary = fc.oneof(
  { weight: 4, arbitrary: portArbitrary },
  { weight: 1, arbitrary: number.map((port) => ({ $patch: "delete", port })) },
  { weight: 1, arbitrary: number.map((port) => ({ port, name: null })) },
);
const specPatchArbitrary = fc
  .record(
    {
      $patch: fc.constantFrom("replace", "delete"),
      $retainKeys: fc.constantFrom(["ports"], ["ports", "words"], ["ports", "words", "steps"]),
      ports: fc.oneof(
        {
          weight: 8,
          arbitrary: fc.uniqueArray(portPatchArbitrary, {
            maxLength: 3,
            selector: ({ port }) => port,
          }),
        },
        { weight: 1, arbitrary: portsArbitrary.map((ports) => [...ports, { $patch: "replace" }]) },
        { weight: 1, arbitrary: fc.constant(null) },
      ),
      "$setElementOrder/ports": fc
        .uniqueArray(number, { maxLength: 4 })
        .map((ports) => ports.map((port) => ({ port }))),
      words: fc.oneof(set, fc.constant(null)),
      "$deleteFromPrimitiveList/words": set,
      "$setElementOrder/words": set,
      steps: fc.oneof(fc.array(word, { maxLength: 3 }), fc.constant(null)),
    },
    { requiredKeys: [] },
  )
  .map(ordered);

/** A patch as clients make it: an order names every item that the patch speaks of. */
function ordered(patch: Record<string, unknown>): Record<string, unknown> {
  const out = { ...patch };
  if (out.$patch !== undefined) {
    if (JSON.stringify(out).length % 4 > 0) delete out.$patch;
    else return { $patch: out.$patch, steps: out.steps };
  }
  const { ports } = out;
  if (Array.isArray(ports) && ports.some((item) => item.$patch === "replace"))
    delete out["$setElementOrder/ports"];
  // What is added and deleted at once depends on chance there.
  const deleted = "$deleteFromPrimitiveList/words";
  const { words } = out;
  if (Array.isArray(words) && Array.isArray(out[deleted]))
    out[deleted] = out[deleted].filter((word) => !words.includes(word));
  for (const [field, key] of [
    ["ports", "port"],
    ["words", undefined],
  ] as const) {
    const name = `$setElementOrder/${field}`;
    const items = out[field];
    if (!Array.isArray(out[name]) || !Array.isArray(items)) continue;
    const order = out[name] as unknown[];
    const identity = (item: unknown) => (key && isObject(item) ? item[key] : item);
    const named = items.filter((item) => !isObject(item) || !("$patch" in item)).map(identity);
    const known = new Set(order.map(identity));
    const missing = named.filter((one) => !known.has(one));
    out[name] = [...order, ...missing.map((one) => (key ? { [key]: one } : one))];
    // A client sends the items in the order that it sets.
    const place = new Map((out[name] as unknown[]).map((one, i) => [identity(one), i]));
    out[field] = [...items].sort(
      (a, b) => (place.get(identity(a)) ?? 99) - (place.get(identity(b)) ?? 99),
    );
  }
  return out;
}

const gadgetPatchArbitrary = fc.record(
  {
    data: fc.oneof(
      fc.dictionary(word, fc.oneof(word, fc.constant(null)), { maxKeys: 3 }),
      fc.constant(null),
    ),
    spec: fc.oneof(
      { weight: 9, arbitrary: specPatchArbitrary },
      { weight: 1, arbitrary: fc.constant(null) },
    ),
  },
  { requiredKeys: [] },
);
