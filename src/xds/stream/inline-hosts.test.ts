import { expect, test } from "bun:test";
import {
  routes,
  snapshotOf,
  virtualHost,
  withChanges,
} from "../../../test/support/config-samples.ts";
import { inlineHosts } from "./inline-hosts.ts";

const before = snapshotOf(
  routes("r"),
  routes("other"),
  virtualHost("r/a", "x"),
  virtualHost("r/b", "x"),
  virtualHost("other/a", "x"),
);
const hostsOf = (name: string, snapshot = before) =>
  inlineHosts(snapshot)
    .route.get(name)
    ?.value.virtualHosts.map((host) => host.name);

test("every route configuration has its own hosts inside", () => {
  expect(hostsOf("r")).toEqual(["a", "b"]);
  expect(hostsOf("other")).toEqual(["a"]);
  expect(inlineHosts(before)["virtual-host"].size).toBe(0);
  expect(inlineHosts(before).route.get("r")?.value.vhds).toBe(false);
});

test("a route configuration whose hosts are the same is the same object in the next snapshot", () => {
  const after = withChanges(before, [virtualHost("other/a", "x", "2")]);
  expect(inlineHosts(after).route.get("r")).toBe(inlineHosts(before).route.get("r"));
  const [old, now] = [inlineHosts(before), inlineHosts(after)].map((view) =>
    view.route.get("other"),
  );
  expect(now?.version).not.toBe(old?.version);
});

test("a version depends on nothing but content", () => {
  const again = withChanges(before, [virtualHost("r/a", "x"), routes("r")]);
  expect(inlineHosts(again).route.get("r")?.version).toBe(
    inlineHosts(before).route.get("r")?.version ?? "",
  );
});

test("a configuration that has its hosts inline already is left alone", () => {
  const own = routes("inline", "1", false);
  expect(inlineHosts(snapshotOf(own)).route.get("inline")).toBe(own);
});
