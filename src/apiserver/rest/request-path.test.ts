import { expect, test } from "bun:test";
import { readRequestPath } from "./request-path.ts";

const core = { group: "", version: "v1", namespace: "", name: "", subresource: "" };

test("paths name a collection, an object or a part of one, in a namespace or in none", () => {
  expect(readRequestPath("/api/v1/namespaces")).toEqual({ ...core, plural: "namespaces" });
  expect(readRequestPath("/api/v1/namespaces/shop")).toEqual({
    ...core,
    plural: "namespaces",
    name: "shop",
  });
  expect(readRequestPath("/api/v1/namespaces/shop/status")).toMatchObject({
    plural: "namespaces",
    name: "shop",
    subresource: "status",
  });
  expect(readRequestPath("/api/v1/namespaces/shop/services/web/status")).toEqual({
    ...core,
    namespace: "shop",
    plural: "services",
    name: "web",
    subresource: "status",
  });
  expect(readRequestPath("/apis/g.example/v1/namespaces/shop/things/")).toEqual({
    ...core,
    group: "g.example",
    namespace: "shop",
    plural: "things",
  });
  expect(readRequestPath("/apis/g.example/v1/things/a%20b")).toMatchObject({
    plural: "things",
    name: "a b",
  });
});

test("paths that climb, hide slashes, or are too long or too short name nothing", () => {
  for (const path of [
    "/",
    "/api",
    "/api/v1",
    "/apis/g.example",
    "/api/v1/things/..",
    "/api/v1/things/%2e%2e",
    "/api/v1/things/a%2fb",
    "/api/v1/things//a",
    "/api/v1/things/%zz",
    "/api/v1/things/a%00",
    "/api/v1/things/a/b/c",
    "/other/v1/things",
  ])
    expect(readRequestPath(path)).toBeUndefined();
});
