import { describe, expect, test } from "bun:test";
import { firstDifference } from "./difference.ts";

const expand = (_: string, bytes: Uint8Array) => ({ statPrefix: bytes[0] });
const pathOf = (found: unknown, expected: unknown) =>
  firstDifference(found, expected, expand)?.path;

describe("what differs is named in Envoy's words", () => {
  const host = (route: unknown) => ({ virtualHosts: [{ routes: [{ name: "a" }, route] }] });

  test("inside lists and messages", () => {
    expect(pathOf(host({ requestTimeout: 1 }), host({ requestTimeout: 2 }))).toBe(
      "virtual_hosts[0].routes[1].request_timeout",
    );
  });

  test("where a list is longer or shorter", () => {
    expect(pathOf({ domains: ["a", "b"] }, { domains: ["a"] })).toBe("domains[1]");
    expect(pathOf([], ["a"])).toBe("[0]");
  });

  test("by the case of a oneof, which has no name of its own", () => {
    const action = ($case: string, value: unknown) => host({ action: { $case, value } });
    expect(pathOf(action("route", { prefixRewrite: "/" }), action("route", {}))).toBe(
      "virtual_hosts[0].routes[1].route.prefix_rewrite",
    );
    expect(pathOf(action("directResponse", {}), action("route", {}))).toBe(
      "virtual_hosts[0].routes[1].direct_response",
    );
  });

  test("inside a packed message of a known type", () => {
    const filter = (byte: number) => ({
      typedConfig: { typeUrl: "t/x", value: new Uint8Array([byte]) },
    });
    expect(firstDifference(filter(1), filter(2), expand)).toEqual({
      path: "typed_config.stat_prefix",
      found: 1,
      expected: 2,
    });
  });

  test("where something is expected and nothing was found", () => {
    expect(firstDifference({ name: "a" }, { name: "a", maxAge: 3 }, expand)).toEqual({
      path: "max_age",
      found: undefined,
      expected: 3,
    });
  });

  test("not at all when all is as expected", () => {
    expect(firstDifference(host({ n: Number.NaN }), host({ n: Number.NaN }), expand)).toBe(
      undefined,
    );
    expect(pathOf({ n: 0 }, { n: -0 })).toBe("n");
  });
});
