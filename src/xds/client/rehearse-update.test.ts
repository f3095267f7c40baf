import { expect, test } from "bun:test";
import { emptySnapshot } from "#config/snapshot.ts";
import {
  endpoints,
  routes,
  snapshotOf,
  virtualHost,
} from "../../../test/support/config-samples.ts";
import { rehearseUpdate } from "./rehearse-update.ts";

test("what runs is read again as an update of it would be, patterns included, and stays as it is", () => {
  const host = virtualHost("http-proxy/a", "a");
  const [route] = host.value.routes;
  if (route === undefined) throw new Error("no route");
  const path = { kind: "regex", value: "/a+" } as const;
  const value = { ...host.value, routes: [{ ...route, match: { ...route.match, path } }] };
  const snapshot = snapshotOf(routes("http-proxy"), { ...host, value }, endpoints("a"));
  const before = structuredClone(snapshot);
  const checked: string[] = [];
  const read = rehearseUpdate(snapshot, (pattern) => {
    checked.push(pattern);
    return undefined;
  });
  expect(checked).toEqual(["/a+"]);
  expect(read).toEqual([{ ...host, value }, endpoints("a")]);
  expect(snapshot).toEqual(before);
});

test("there is nothing to rehearse where nothing runs", () => {
  expect(rehearseUpdate(emptySnapshot, () => undefined)).toEqual([]);
});

test("of thousands of routes and endpoints few are read", () => {
  const host = virtualHost("http-proxy/a", "a");
  const [route] = host.value.routes;
  const set = endpoints("a");
  const [endpoint] = set.value.endpoints;
  if (route === undefined || endpoint === undefined) throw new Error("nothing to repeat");
  const repeated = { length: 10_000 };
  const many = Array.from(repeated, (_, index) => ({ ...route, name: `route ${index}` }));
  const origin = { kind: "VirtualService", namespace: "shop", name: "a", generation: 1 };
  const origins = Object.fromEntries(many.map((_, index) => [`routes[${index}]`, origin]));
  const read = rehearseUpdate(
    snapshotOf(
      routes("http-proxy"),
      { ...host, value: { ...host.value, routes: many, origins } },
      { ...set, value: { ...set.value, endpoints: Array.from(repeated, () => endpoint) } },
    ),
    () => undefined,
  );
  expect(read.map(({ type }) => type)).toEqual(["virtual-host", "endpoints"]);
  expect(JSON.stringify(read).length).toBeLessThan(10_000);
});
