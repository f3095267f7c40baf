import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { InboundListener } from "#config/listener.ts";
import { noHeaderEdits, type Route, type VirtualHost } from "#config/route.ts";
import type { ConfigResource, ConfigType, ConfigTypes } from "#config/snapshot.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { ConfigCompiler } from "./config-compiler.ts";
import { readLastGood, snapshotOf, writeLastGood } from "./last-good.ts";

const origin = { kind: "VirtualService", namespace: "shop", name: "payments", generation: 3 };
const route = (pattern: string): Route => ({
  name: "r",
  match: { path: { kind: "regex", value: pattern }, headers: [], query: [] },
  action: { kind: "respond", status: 200, body: "" },
  requestHeaders: noHeaderEdits,
  responseHeaders: noHeaderEdits,
});
const host = (pattern: string): VirtualHost => ({
  name: "payments",
  domains: ["payments"],
  routes: [route(pattern)],
  origins: { "": origin },
});
const inbound: InboundListener = {
  kind: "inbound",
  name: "inbound|8080",
  address: { host: "127.0.0.1", port: 1 },
  workloadPort: 8080,
  mtls: "strict",
  authorization: { deny: [] },
  routes: { name: "inbound|8080", vhds: false, virtualHosts: [] },
  http: { pathNormalization: "base", searchDomains: [] },
  origins: {},
};

function resource<T extends ConfigType>(
  type: T,
  name: string,
  value: ConfigTypes[T],
): ConfigResource {
  return { type, name, value, version: "1" } as ConfigResource;
}

test("a snapshot that cannot be compiled is refused with the resource and the user's object at fault", () => {
  const compiler = new ConfigCompiler();
  const good = snapshotOf([
    resource("listener", inbound.name, {
      ...inbound,
      routes: { ...inbound.routes, virtualHosts: [host("/a.*")] },
    }),
  ]);
  expect(compiler.compile(good).kind).toBe("compiled");
  const bad = snapshotOf([
    resource("listener", inbound.name, {
      ...inbound,
      routes: { ...inbound.routes, virtualHosts: [host("(?=look)")] },
    }),
  ]);
  const refused = compiler.compile(bad);
  expect(refused.kind === "refused" ? refused.reason : "").toStartWith("listener inbound|8080");
});

test("an unchanged listener keeps its compiled policies", () => {
  const compiler = new ConfigCompiler();
  const snapshot = snapshotOf([resource("listener", inbound.name, inbound)]);
  const [a, b] = [compiler.compile(snapshot), compiler.compile(snapshot)];
  if (a.kind !== "compiled" || b.kind !== "compiled") throw new Error("refused");
  expect(b.config.inbound.get(inbound.name)).toBe(a.config.inbound.get(inbound.name));
});

test("the last good snapshot is read as it was written, and a damaged one is not used", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "config");
  const snapshot = snapshotOf([resource("listener", inbound.name, inbound)]);
  writeLastGood(path, snapshot);
  expect(readLastGood(path)).toEqual({ kind: "value", value: snapshot });
  writeFileSync(path, "{}");
  expect(readLastGood(path).kind).toBe("damaged");
});
