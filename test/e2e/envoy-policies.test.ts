// Policies and limits where Envoy carries the traffic of one side or of both.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Caller, startCaller } from "../support/caller.ts";
import { withEnvoy } from "../support/envoy.ts";
import { eventuallyHolds } from "../support/eventually.ts";
import { inboundOf, type Mesh, startMesh } from "../support/mesh.ts";
import {
  authorizationPolicy,
  destinationRule,
  documents,
  peerAuthentication,
} from "../support/mesh-objects.ts";
import { startServer } from "../support/server.ts";

const servers = ["behind-envoy", "behind-weft"] as const;

let mesh: Mesh;
let byEnvoy: Caller;
let byWeft: Caller;

beforeAll(async () => {
  mesh = await startMesh();
  [byEnvoy, byWeft] = await Promise.all([
    startCaller(mesh, ["--name", "envoy-caller", "-n", "shop", ...withEnvoy()]),
    startCaller(mesh, ["--name", "weft-caller", "-n", "shop"]),
    startServer(mesh, { name: "behind-envoy", flags: withEnvoy() }),
    startServer(mesh, { name: "behind-weft" }),
  ]);
  await eventuallyHolds(async () => {
    for (const name of servers) await bothAnswered(name, 200);
  });
}, 60_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

async function bothAnswered(name: string, status: number, path = ""): Promise<void> {
  for (const caller of [byEnvoy, byWeft])
    expect((await caller.call(`http://${name}/${path}`)).status).toBe(status);
}

/** What a program outside the mesh gets at the port that is meant for the mesh. */
async function inPlaintext(name: string): Promise<number | "closed" | "refused"> {
  const { host, port } = inboundOf(await mesh.proxy(name));
  const headers = { host: name, connection: "close" };
  const answer = await fetch(`http://${host}:${port}/`, { headers }).catch(() => undefined);
  if (answer === undefined) return "closed";
  return answer.headers.get("weft-error")?.startsWith("tls-required") ? "refused" : answer.status;
}

const mode = (name: string) => documents([peerAuthentication("default", { mtls: { mode: name } })]);
const selector = (app: string) => ({ selector: { matchLabels: { app } } });

describe("mutual TLS", () => {
  test("PERMISSIVE takes the mesh's callers and plaintext", async () => {
    await mesh.apply(mode("PERMISSIVE"));
    for (const name of servers) {
      await bothAnswered(name, 200);
      expect(await inPlaintext(name)).toBe(200);
    }
  });

  test("STRICT takes the mesh's callers only", async () => {
    await mesh.apply(mode("STRICT"));
    for (const name of servers) await bothAnswered(name, 200);
    expect(await inPlaintext("behind-envoy")).toBe("closed");
    expect(await inPlaintext("behind-weft")).toBe("refused");
  });

  test("DISABLE means plaintext, and callers of both engines know", async () => {
    await mesh.apply(mode("DISABLE"));
    for (const name of servers) {
      await bothAnswered(name, 200);
      expect(await inPlaintext(name)).toBe(200);
    }
  });

  test("that changes ends connections of the mode before, and fails none of their requests", async () => {
    await mesh.apply(mode("STRICT"));
    for (const caller of [byEnvoy, byWeft])
      for (const name of servers)
        expect((await caller.many(`http://${name}/`, 60)).statuses).toEqual({ 200: 60 });
  });
});

describe("an AuthorizationPolicy", () => {
  test.each(servers)("lets one principal in at %s, whatever carries it", async (name) => {
    const { apiVersion, kind, metadata } = authorizationPolicy("one", {});
    for (const [allowed, other, account] of [
      [byEnvoy, byWeft, "envoy-caller"],
      [byWeft, byEnvoy, "weft-caller"],
    ] as const) {
      const from = [{ source: { principals: [`cluster.local/ns/shop/sa/${account}`] } }];
      const spec = { ...selector(name), action: "ALLOW", rules: [{ from }] };
      await mesh.apply(documents([{ apiVersion, kind, metadata, spec }]));
      // On the connections that are open already, too.
      expect((await allowed.many(`http://${name}/`, 60)).statuses).toEqual({ 200: 60 });
      expect((await other.many(`http://${name}/`, 60)).statuses).toEqual({ 403: 60 });
      const { headers } = await other.call(`http://${name}/`);
      expect(headers["weft-error"]).toStartWith(`denied-by-policy; by=${name}`);
    }
    await mesh.weft(["delete", "authorizationpolicy", "one", "-n", "shop"]);
    await eventuallyHolds(() => bothAnswered(name, 200));
  });

  test.each(servers)("denies by path, method and header at %s", async (name) => {
    const rules = [
      { to: [{ operation: { paths: ["/secret/*"], methods: ["GET"] } }] },
      { when: [{ key: "request.headers[x-evil]", values: ["yes"] }] },
    ];
    const spec = { ...selector(name), action: "DENY", rules };
    await mesh.apply(documents([authorizationPolicy("deny", spec)]));
    await bothAnswered(name, 403, "secret/one");
    await bothAnswered(name, 403, "a/../secret/one");
    await bothAnswered(name, 200, "open");
    for (const caller of [byEnvoy, byWeft]) {
      const evil = await caller.call(`http://${name}/`, { headers: { "x-evil": "yes" } });
      expect(evil.status).toBe(403);
    }
    await mesh.weft(["delete", "authorizationpolicy", "deny", "-n", "shop"]);
    await eventuallyHolds(() => bothAnswered(name, 200, "secret/one"));
  });
});

describe("connection limits of a destination", () => {
  test("hold for callers of both engines: what is over them is answered 503 at once", async () => {
    const connectionPool = {
      tcp: { maxConnections: 1 },
      http: { http1MaxPendingRequests: 1, http2MaxRequests: 2 },
    };
    const rules = servers.map((host) =>
      destinationRule(host, { host, trafficPolicy: { connectionPool } }),
    );
    await mesh.apply(documents(rules));
    for (const caller of [byEnvoy, byWeft])
      for (const name of servers) {
        const tally = await caller.many(`http://${name}/?sleepMs=300`, 24, { parallel: 12 });
        expect(tally.statuses["200"]).toBeGreaterThan(0);
        expect(tally.statuses["503"]).toBeGreaterThan(0);
        expect(Object.keys(tally.statuses).sort()).toEqual(["200", "503"]);
        expect(tally.failures[0]).toContain("circuit-open");
      }
  }, 60_000);
});
