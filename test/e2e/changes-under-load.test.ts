import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Caller, startCaller } from "../support/caller.ts";
import { eventuallyHolds } from "../support/eventually.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { startServer } from "../support/server.ts";

const changes = 100;
const url = "http://payments/";
const path = "/apis/networking.istio.io/v1/namespaces/shop/virtualservices/payments";

let mesh: Mesh;
let caller: Caller;

beforeAll(async () => {
  mesh = await startMesh();
  [caller] = await Promise.all([
    startCaller(mesh, ["--name", "me", "-n", "shop"]),
    startServer(mesh, { name: "payments", version: "v1" }),
    startServer(mesh, { name: "payments", version: "v2" }),
  ]);
  await mesh.apply(split(50));
  await eventuallyHolds(async () => {
    expect(Object.keys((await caller.many(url, 50)).versions)).toHaveLength(2);
  });
}, 60_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

test("no request fails during a hundred changes of weights under load, and each takes effect", async () => {
  const stop = caller.keepCalling(url, { parallel: 8 });
  const versions = new Set<string>();
  for (let change = 1; change <= changes; change++) {
    const toV2 = change % 2 === 0 ? 0 : 100;
    versions.add(await patchWeights(toV2));
    // Looks every tenth time, at both ends of the scale: all of the requests go to one version.
    if (change % 10 < 2) await untilAll(toV2 === 100 ? "v2" : "v1");
  }
  expect(versions.size).toBe(changes);
  await patchWeights(100);
  await untilAll("v2");
  const tally = await stop();
  expect(tally.failures).toEqual([]);
  expect(tally.statuses).toEqual({ 200: tally.calls });
  expect(tally.calls).toBeGreaterThan(1_000);
  expect(Object.keys(tally.versions).sort()).toEqual(["v1", "v2"]);
  for (const { sync } of await mesh.proxies())
    for (const { status } of Object.values(sync)) expect(["SYNCED", "NOT SENT"]).toContain(status);
}, 60_000);

/** The API's answer to one change: its resource version. */
async function patchWeights(toV2: number): Promise<string> {
  const weights = [100 - toV2, toV2].map((value, i) => ({
    op: "replace",
    path: `/spec/http/0/route/${i}/weight`,
    value,
  }));
  const response = await mesh.api("PATCH", path, weights, "application/json-patch+json");
  expect(response.status).toBe(200);
  const { metadata } = (await response.json()) as { metadata: { resourceVersion: string } };
  return metadata.resourceVersion;
}

async function untilAll(version: string): Promise<void> {
  await eventuallyHolds(async () => {
    expect((await caller.many(url, 16, { parallel: 4 })).versions).toEqual({ [version]: 16 });
  });
}

const split = (toV2: number): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: payments
  namespace: shop
spec:
  hosts: [payments]
  http:
    - route:
        - destination:
            host: payments
            subset: v1
          weight: ${100 - toV2}
        - destination:
            host: payments
            subset: v2
          weight: ${toV2}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: payments
  namespace: shop
spec:
  host: payments
  subsets:
    - name: v1
      labels:
        version: v1
    - name: v2
      labels:
        version: v2
`;
