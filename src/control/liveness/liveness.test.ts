import { expect, test } from "bun:test";
import { emptySnapshot, type Snapshot } from "#config/snapshot.ts";
import type { ProxySession } from "../sessions/proxy-sessions.ts";
import { SyncTable } from "../sessions/sync-table.ts";
import { liveCondition, livenessOf, referencesCondition } from "./liveness.ts";

const origin = { kind: "VirtualService", namespace: "shop", name: "payments", generation: 3 };
const id = "VirtualService shop/payments";

const snapshot: Snapshot = {
  ...emptySnapshot,
  "virtual-host": new Map([
    [
      "http-proxy/payments",
      {
        type: "virtual-host",
        name: "http-proxy/payments",
        version: "1",
        value: { name: "payments", domains: [], routes: [], origins: { "": origin } },
      },
    ],
  ]),
};

const session = (facts: Partial<ProxySession>): ProxySession => ({
  id: 1,
  nodeId: "n",
  workload: {
    namespace: "shop",
    name: "web",
    app: "web",
    serviceAccount: "web",
    labels: {},
    inbound: [],
    outbound: [],
    admin: { host: "127.0.0.1", port: 1 },
    version: "",
  },
  address: "",
  connectedAtMs: 0,
  sync: new SyncTable(),
  snapshot,
  changedAt: 2,
  syncedThrough: 2,
  nacked: undefined,
  ...facts,
});

test("an object is live when every proxy that it concerns has acknowledged", () => {
  const both = livenessOf([session({}), session({})]).get(id);
  expect(liveCondition(both, 3)).toMatchObject({
    status: "True",
    message: "live on 2 of 2 affected proxies",
    observedGeneration: 3,
  });
});

test("services are not told of: their status is nobody's", () => {
  const service = { ...origin, kind: "Service" };
  const [host] = snapshot["virtual-host"].values();
  if (host === undefined) throw new Error("no host");
  const value = { ...host.value, origins: { "": origin, "routes[0]": service } };
  const hosts = new Map([[host.name, { ...host, value }]]);
  const all = livenessOf([session({ snapshot: { ...snapshot, "virtual-host": hosts } })]);
  expect([...all.keys()]).toEqual([id]);
});

test("one that waits, and one that refuses, are told apart", () => {
  const waiting = livenessOf([session({}), session({ syncedThrough: 1 })]).get(id);
  expect(liveCondition(waiting, 3)).toMatchObject({ status: "False", reason: "Waiting" });
  const refused = livenessOf([session({ syncedThrough: 1, nacked: "bad regex" })]).get(id);
  expect(liveCondition(refused, 3)).toMatchObject({
    status: "False",
    reason: "Rejected",
    message: "live on 0 of 1 affected proxies: bad regex",
  });
});

test("an object that concerns nobody is neither live nor broken", () => {
  expect(liveCondition(livenessOf([session({ snapshot: emptySnapshot })]).get(id), 1).status).toBe(
    "Unknown",
  );
});

test("names in vain are listed in the condition", () => {
  expect(referencesCondition([], 1).status).toBe("True");
  expect(referencesCondition(["no host a", "no subset b"], 1)).toMatchObject({
    status: "False",
    message: "no host a; no subset b",
  });
});
