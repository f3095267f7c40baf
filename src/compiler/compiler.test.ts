import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type ConfigType, configTypes, type Snapshot } from "#config/snapshot.ts";
import type { Workload } from "#config/workload.ts";
import { kindKey } from "#resources/kind.ts";
import { findKind, splitApiVersion } from "#resources/kinds.ts";
import type { Resource } from "#resources/resource.ts";
import { createCompiler } from "./compiler.ts";
import { contentHash } from "./content-hash.ts";
import { emptyWorld, objectKey, type World, type WorldChange, withChanges } from "./world.ts";

const istio = "networking.istio.io/v1";

function workload(namespace: string, labels: Record<string, string> = {}): Workload {
  return {
    namespace,
    name: "web-1",
    app: "web",
    serviceAccount: "web",
    labels: { app: "web", ...labels },
    inbound: [{ workloadPort: 8080, address: { host: "127.0.0.1", port: 21001 } }],
    outbound: [{ kind: "http-proxy", address: { host: "127.0.0.1", port: 15080 } }],
    admin: { host: "127.0.0.1", port: 15000 },
    version: "0.1.0",
  };
}

function service(name: string): Resource {
  const ports = [{ name: "http", port: 80, targetPort: "http" }];
  const metadata = { name, namespace: "shop", generation: 1 };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { selector: { app: name }, ports },
  };
}

function entry(name: string, app: string, port: number, version = "v1"): Resource {
  const inbound = JSON.stringify({ 8080: `127.0.0.1:${port}` });
  return {
    apiVersion: istio,
    kind: "WorkloadEntry",
    metadata: {
      name,
      namespace: "shop",
      generation: 1,
      annotations: { "weft.dev/inbound": inbound },
    },
    spec: {
      address: "127.0.0.1",
      ports: { http: 8080 },
      labels: { app, version },
      serviceAccount: app,
    },
  };
}

function object(apiVersion: string, kind: string, name: string, spec: unknown): Resource {
  return { apiVersion, kind, metadata: { name, namespace: "shop", generation: 1 }, spec };
}

function canary(weight: number, generation = 1): Resource {
  const route = [
    { destination: { host: "payments", subset: "v1" }, weight: 100 - weight },
    { destination: { host: "payments", subset: "v2" }, weight },
  ];
  return {
    apiVersion: istio,
    kind: "VirtualService",
    metadata: { name: "payments", namespace: "shop", generation },
    spec: { hosts: ["payments"], http: [{ route }] },
  };
}

const subsets: Resource = {
  apiVersion: istio,
  kind: "DestinationRule",
  metadata: { name: "payments", namespace: "shop", generation: 1 },
  spec: {
    host: "payments",
    subsets: [
      { name: "v1", labels: { version: "v1" } },
      { name: "v2", labels: { version: "v2" } },
    ],
  },
};

const strict: Resource = {
  apiVersion: "security.istio.io/v1",
  kind: "PeerAuthentication",
  metadata: { name: "default", namespace: "shop", generation: 1 },
  spec: { mtls: { mode: "STRICT" } },
};

const meshObjects: readonly Resource[] = [
  service("payments"),
  service("orders"),
  entry("payments-1", "payments", 21011),
  entry("payments-2", "payments", 21012, "v2"),
  entry("orders-1", "orders", 21021),
  subsets,
  canary(10),
];

function kindOf(object: Resource): string {
  const kind = findKind(splitApiVersion(object.apiVersion).group, object.kind);
  if (kind === undefined) throw new Error(`no kind ${object.kind}`);
  return kindKey(kind);
}

function put(...objects: readonly Resource[]): WorldChange[] {
  return objects.map((object) => ({ kind: kindOf(object), key: objectKey(object), object }));
}

function gone(object: Resource): WorldChange {
  return { kind: kindOf(object), key: objectKey(object) };
}

const nothing = emptyWorld({ trustDomain: "cluster.local", roots: ["PEM"] });
const mesh = withChanges(nothing, put(...meshObjects));

/** Names of what is not the same object in both. */
function differences(before: Snapshot, after: Snapshot): string[] {
  return configTypes.flatMap((type) => {
    const [older, newer] = [before[type], after[type]] as [
      Map<string, unknown>,
      (typeof before)[ConfigType],
    ];
    const names = new Set([...older.keys(), ...newer.keys()]);
    return [...names]
      .filter((name) => older.get(name) !== newer.get(name))
      .sort()
      .map((name) => `${type} ${name}`);
  });
}

/** Everything by value, in an order of its own. */
function content(snapshot: Snapshot): unknown {
  return configTypes.map((type) =>
    [...snapshot[type].values()]
      .map(({ name, value, version }) => ({ name, value, version }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
}

describe("a world", () => {
  test("is the same after writes of status, versions, managed fields and foreign annotations", () => {
    const [payments = service("payments")] = meshObjects;
    const touched: Resource = {
      ...payments,
      metadata: {
        ...payments.metadata,
        resourceVersion: "77",
        uid: "u",
        managedFields: [{ manager: "kubectl" }],
        annotations: { "example.com/note": "hello" },
      },
      status: { loadBalancer: { ingress: [] } },
    };
    expect(withChanges(mesh, put(touched))).toBe(mesh);
  });

  test("is the same after changes of kinds that no proxy hears of", () => {
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "shop" } };
    expect(withChanges(mesh, put(secret))).toBe(mesh);
  });

  test("is the same after the removal of what it never had", () => {
    expect(withChanges(mesh, [gone(strict)])).toBe(mesh);
  });

  test("shows no status and no versions to whoever compiles from it", () => {
    const seen = { ...service("seen"), status: { a: 1 } };
    const world = withChanges(mesh, put({ ...seen, metadata: { ...seen.metadata, uid: "u" } }));
    const kept = world.objects("services").get("shop/seen");
    expect(kept).not.toHaveProperty("status");
    expect(kept?.metadata).not.toHaveProperty("uid");
  });
});

describe("a snapshot", () => {
  test("is the same object for the same world and workload", () => {
    const compiler = createCompiler(contentHash);
    const web = workload("shop");
    expect(compiler.snapshot(mesh, web)).toBe(compiler.snapshot(mesh, web));
  });

  test("shares all that it calls with other workloads of its namespace", () => {
    const compiler = createCompiler(contentHash);
    const [one, other] = [workload("shop"), workload("shop", { version: "v2" })].map((client) =>
      compiler.snapshot(mesh, client),
    );
    expect(one?.["virtual-host"]).toBe(other?.["virtual-host"] as never);
    expect(one?.endpoints).toBe(other?.endpoints as never);
  });

  test("shares resources with other namespaces that see the same", () => {
    const compiler = createCompiler(contentHash);
    const one = compiler.snapshot(mesh, workload("shop"));
    const other = compiler.snapshot(mesh, workload("tools"));
    expect(differences(one, other)).toEqual(["listener http-proxy", "listener inbound|8080"]);
  });

  test("differs by one virtual host after a change of weights", () => {
    const compiler = createCompiler(contentHash);
    const web = workload("shop");
    const before = compiler.snapshot(mesh, web);
    const after = compiler.snapshot(withChanges(mesh, put(canary(50, 2))), web);
    expect(differences(before, after)).toEqual([
      "virtual-host http-proxy/payments.shop.svc.cluster.local:80",
    ]);
    expect(after.cluster).toBe(before.cluster);
    expect(after.endpoints).toBe(before.endpoints);
    expect(after.listener).toBe(before.listener);
  });

  test("differs by the endpoint sets of one service after one endpoint came", () => {
    const compiler = createCompiler(contentHash);
    const web = workload("shop");
    const before = compiler.snapshot(mesh, web);
    const more = withChanges(mesh, put(entry("payments-3", "payments", 21013, "v2")));
    const after = compiler.snapshot(more, web);
    expect(differences(before, after)).toEqual([
      "endpoints outbound|80|v2|payments.shop.svc.cluster.local",
      "endpoints outbound|80||payments.shop.svc.cluster.local",
    ]);
    expect(after.cluster).toBe(before.cluster);
    expect(after["virtual-host"]).toBe(before["virtual-host"]);
  });

  test("is the very one of before when a change has been undone", () => {
    const compiler = createCompiler(contentHash);
    const web = workload("shop");
    const before = compiler.snapshot(mesh, web);
    compiler.snapshot(withChanges(mesh, put(canary(50, 2))), web);
    const undone = withChanges(withChanges(mesh, put(canary(50, 2))), put(canary(10)));
    expect(differences(before, compiler.snapshot(undone, web))).toEqual([]);
  });

  test("is without a service that has gone", () => {
    const compiler = createCompiler(contentHash);
    const web = workload("shop");
    compiler.snapshot(mesh, web);
    const after = compiler.snapshot(withChanges(mesh, [gone(service("orders"))]), web);
    expect([...after["virtual-host"].keys()]).toEqual([
      "http-proxy/payments.shop.svc.cluster.local:80",
    ]);
    expect([...after.cluster.keys()].filter((name) => name.includes("orders"))).toEqual([]);
  });

  test("has versions that another compiler gives to the same content", () => {
    const [one, other] = [createCompiler(contentHash), createCompiler(contentHash)].map(
      (compiler) => compiler.snapshot(mesh, workload("shop")),
    );
    expect(one && content(one)).toEqual(other && content(other));
  });

  test("allows nothing where a policy cannot be read", () => {
    const broken = object("security.istio.io/v1", "AuthorizationPolicy", "web", { rules: 7 });
    const snapshot = createCompiler(contentHash).snapshot(
      withChanges(mesh, put(broken)),
      workload("shop"),
    );
    const listener = snapshot.listener.get("inbound|8080")?.value;
    expect(listener).toMatchObject({ authorization: { deny: [], allow: [] } });
  });

  test("is without a rule that cannot be read", () => {
    const broken = object(istio, "VirtualService", "payments", { hosts: 7 });
    const snapshot = createCompiler(contentHash).snapshot(
      withChanges(mesh, put(broken)),
      workload("shop"),
    );
    const host = snapshot["virtual-host"].get(
      "http-proxy/payments.shop.svc.cluster.local:80",
    )?.value;
    expect(host?.origins[""]?.kind).toBe("Service");
  });

  test("of a workload that calls nobody has nothing to call", () => {
    const silent = { ...workload("shop"), outbound: [] };
    const snapshot = createCompiler(contentHash).snapshot(mesh, silent);
    expect([...snapshot.cluster.keys()]).toEqual(["inbound|8080||"]);
    expect(snapshot["virtual-host"].size + snapshot.route.size).toBe(0);
  });
});

describe("whatever happened before", () => {
  const candidates: readonly Resource[] = [
    ...meshObjects,
    canary(50, 2),
    strict,
    service("ads"),
    entry("payments-1", "payments", 21099, "v2"),
    entry("orders-2", "orders", 21022),
    object("networking.istio.io/v1", "ServiceEntry", "rival", {
      hosts: ["rival.internal"],
      location: "MESH_EXTERNAL",
      resolution: "DNS",
      ports: [{ number: 7000, name: "http", protocol: "HTTP" }],
    }),
  ];
  const also: readonly Resource[] = [
    object("networking.istio.io/v1", "ServiceEntry", "vault", {
      hosts: ["vault.internal", "other.internal"],
      addresses: ["10.7.7.7"],
      location: "MESH_INTERNAL",
      resolution: "STATIC",
      ports: [{ number: 80, name: "http", protocol: "HTTP" }],
      endpoints: [{ address: "10.0.0.1", labels: { "security.istio.io/tlsMode": "istio" } }],
    }),
    object("networking.istio.io/v1", "ServiceEntry", "rival", {
      hosts: ["rival.internal", "payments.shop.svc.cluster.local"],
      addresses: ["10.7.7.7"],
      location: "MESH_INTERNAL",
      resolution: "STATIC",
      ports: [
        { number: 80, name: "http", protocol: "HTTP" },
        { number: 81, name: "http-b", protocol: "HTTP" },
      ],
      workloadSelector: { labels: { app: "orders" } },
      exportTo: ["."],
    }),
    object("networking.istio.io/v1", "VirtualService", "wide", {
      hosts: ["*.internal", "*.shop.svc.cluster.local"],
      http: [
        {
          match: [{ sourceLabels: { version: "v1" }, uri: { prefix: "/a" } }],
          route: [{ destination: { host: "orders" } }],
        },
        { route: [{ destination: { host: "rival.internal" } }] },
      ],
    }),
    object("networking.istio.io/v1", "DestinationRule", "wide", {
      host: "*.cluster.local",
      trafficPolicy: { loadBalancer: { simple: "RANDOM" } },
    }),
    object("split.smi-spec.io/v1alpha2", "TrafficSplit", "orders", {
      service: "orders",
      backends: [{ service: "payments", weight: 1 }],
    }),
    object("security.istio.io/v1", "AuthorizationPolicy", "web", { rules: [{}] }),
    { ...strict, metadata: { ...strict.metadata, namespace: "istio-system" } },
    {
      apiVersion: "weft.dev/v1",
      kind: "MeshConfig",
      metadata: { name: "default", generation: 1 },
      spec: { connectTimeout: "1s" },
    },
  ];
  const step = fc.record({
    at: fc.nat(candidates.length + also.length - 1),
    remove: fc.boolean(),
  });

  test("the snapshot is what a new compiler makes of the world", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const compiler = createCompiler(contentHash);
        const web = workload("shop", { version: "v1" });
        const tools = workload("tools");
        let world: World = mesh;
        for (const { at, remove } of steps) {
          const object = [...candidates, ...also][at] ?? strict;
          world = withChanges(world, remove ? [gone(object)] : put(object));
          compiler.snapshot(world, remove ? web : tools);
        }
        const freshTools = createCompiler(contentHash).snapshot(world, { ...tools });
        expect(content(compiler.snapshot(world, tools))).toEqual(content(freshTools));
        const fresh = createCompiler(contentHash).snapshot(world, { ...web });
        expect(content(compiler.snapshot(world, web))).toEqual(content(fresh));
      }),
      { numRuns: 300 },
    );
  });

  test("the order in which objects came means nothing", () => {
    const all = [
      ...meshObjects,
      ...also,
      strict,
      service("ads"),
      entry("orders-2", "orders", 21022),
    ];
    const expected = content(
      createCompiler(contentHash).snapshot(withChanges(nothing, put(...all)), workload("shop")),
    );
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
        const world = shuffled.reduce((world, object) => withChanges(world, put(object)), nothing);
        const snapshot = createCompiler(contentHash).snapshot(world, workload("shop"));
        expect(content(snapshot)).toEqual(expected);
      }),
    );
  });
});
