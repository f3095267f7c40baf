import { expect, test } from "bun:test";
import fc from "fast-check";
import type { ConfigResource } from "#config/snapshot.ts";
import { cluster } from "../../../test/support/config-samples.ts";
import { type Pending, TypeState } from "./type-state.ts";

const names = ["a", "b", "c", "d"];
const maps = fc
  .dictionary(fc.constantFrom(...names), fc.constantFrom("1", "2"))
  .map(
    (versions) =>
      new Map(Object.entries(versions).map(([name, version]) => [name, cluster(name, version)])),
  );
type Step = (state: TypeState, current: ReadonlyMap<string, ConfigResource>) => void;

/** Accepts what the state would send for some earlier map, as a late acknowledgement does. */
function acceptAll(state: TypeState, current: ReadonlyMap<string, ConfigResource>): void {
  const { upserts, removals: removed } = state.difference(current);
  state.accepted({ upserts, removed } as unknown as Pending);
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom(...names, "*").map(
    (name): Step =>
      (state) =>
        state.subscribe(name),
  ),
  fc.constantFrom(...names, "*").map(
    (name): Step =>
      (state) =>
        state.unsubscribe(name),
  ),
  fc.constantFrom(...names).map(
    (name): Step =>
      (state) =>
        state.forget(name),
  ),
  maps.map(
    (earlier): Step =>
      (state) =>
        acceptAll(state, earlier),
  ),
  fc.constant<Step>(acceptAll),
  fc.constant<Step>((state, current) => void state.difference(current)),
);

test("what is remembered of earlier comparisons never hides a difference", () => {
  fc.assert(
    fc.property(maps, fc.array(fc.tuple(step, maps), { maxLength: 12 }), (last, steps) => {
      const state = new TypeState("cluster");
      for (const [each, current] of steps) each(state, current);
      const { upserts, removals } = state.difference(last);
      const lacking = [...last.values()].filter(
        ({ name, version }) => state.wants(name) && state.held.get(name)?.version !== version,
      );
      const gone = names.filter(
        (name) =>
          !last.has(name) &&
          (state.held.has(name) || (state.names.has(name) && !state.absent.has(name))),
      );
      expect(new Set(upserts)).toEqual(new Set(lacking));
      expect(new Set(removals)).toEqual(new Set(gone));
    }),
    { numRuns: 3_000 },
  );
});

test("a map that was compared before costs nothing", () => {
  const state = new TypeState("cluster");
  state.subscribe("*");
  const current = new Map([["a", cluster("a")]]);
  acceptAll(state, current);
  const first = state.difference(current);
  expect(state.difference(current)).toBe(state.difference(current));
  expect(first).toEqual({ upserts: [], removals: [], withheld: 0 });
});
