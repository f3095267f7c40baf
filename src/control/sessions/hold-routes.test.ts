import { expect, test } from "bun:test";
import { type ConfigResource, emptySnapshot, type Snapshot } from "#config/snapshot.ts";
import { RouteHold } from "./hold-routes.ts";

const edits = { set: [], add: [], remove: [] };

function host(...clusters: readonly string[]): ConfigResource<"virtual-host"> {
  const route = {
    name: "r",
    match: { path: { kind: "prefix", value: "/" }, headers: [], query: [] },
    action: {
      kind: "forward",
      clusters: clusters.map((cluster) => ({
        cluster,
        weight: 1,
        requestHeaders: edits,
        responseHeaders: edits,
      })),
    },
    requestHeaders: edits,
    responseHeaders: edits,
  } as const;
  const value = { name: "h", domains: ["h"], routes: [route], origins: {} };
  return { type: "virtual-host", name: "http-proxy/h", version: clusters.join(), value };
}

/** Only the names of clusters matter here. */
const snapshot = (names: readonly string[], routes: ConfigResource<"virtual-host">): Snapshot => ({
  ...emptySnapshot,
  cluster: new Map(names.map((name) => [name, { name } as unknown as ConfigResource<"cluster">])),
  "virtual-host": new Map([[routes.name, routes]]),
});

const plain = host("all");
const canary = host("v1", "v2");

test("routes to a subset that is in the next file wait for it", () => {
  const hold = new RouteHold();
  const running = snapshot(["all"], plain);
  const first = hold.apply(running, snapshot(["all"], canary), 1_000);
  expect(first.snapshot["virtual-host"].get("http-proxy/h")).toBe(plain);
  expect(first.lookAgainMs).toBe(3_000);
  const second = hold.apply(first.snapshot, snapshot(["all", "v1", "v2"], canary), 1_050);
  expect(second.snapshot["virtual-host"].get("http-proxy/h")).toBe(canary);
  expect(second.lookAgainMs).toBeUndefined();
});

test("what dangles for longer is what the user wants", () => {
  const hold = new RouteHold();
  const running = snapshot(["all"], plain);
  const wanted = snapshot(["all"], canary);
  const held = hold.apply(running, wanted, 1_000).snapshot;
  expect(hold.apply(held, wanted, 2_999).snapshot["virtual-host"].get("http-proxy/h")).toBe(plain);
  expect(hold.apply(held, wanted, 3_000).snapshot).toBe(wanted);
});

test("a host that was not served before is not held back", () => {
  const wanted = snapshot([], canary);
  expect(new RouteHold().apply(emptySnapshot, wanted, 0).snapshot).toBe(wanted);
});

test("routes whose own targets are gone are not kept either", () => {
  const wanted = snapshot(["v1"], canary);
  expect(new RouteHold().apply(snapshot(["all"], plain), wanted, 0).snapshot).toBe(wanted);
});
