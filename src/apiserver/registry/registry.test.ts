import { describe, expect, test } from "bun:test";
import type { Clock } from "#core/clock.ts";
import { silentLog } from "#core/log.ts";
import type { Resource } from "#resources/resource.ts";
import { openMemoryStore } from "#store/memory/open-memory-store.ts";
import type { Store } from "#store/store.ts";
import { testKinds } from "../../../test/support/api-kinds.ts";
import { eventually } from "../../../test/support/eventually.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../admission/admission.ts";
import { ApiError } from "../errors/api-error.ts";
import { openRegistry, type Registry } from "./registry.ts";
import type { SelectedEvent, WatchRequest } from "./watch-objects.ts";

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const clock: Clock = { monotonicMs: () => 0, wallMs: () => NOW_MS };
const user = { name: "tester", groups: [] };
const WIDGETS = "widgets.test.weft.dev";

async function open(admission: readonly AdmissionPlugin[] = [], store: Store = openMemoryStore()) {
  let ids = 0;
  let chance = 0;
  const registry = await openRegistry({
    store,
    kinds: testKinds,
    admission,
    clock,
    log: silentLog,
    uuid: () => `uid-${ids++}`,
    random: () => (chance++ % 27) / 27,
  });
  const client = (key: string, fieldManager = "tester") =>
    registry.client(key, { user, fieldManager });
  return { registry, store, client, widgets: client(WIDGETS), namespaces: client("namespaces") };
}

const widget = (name: string, spec: unknown = {}, metadata: object = {}): Resource => ({
  apiVersion: "test.weft.dev/v1",
  kind: "Widget",
  metadata: { name, namespace: "default", ...metadata },
  spec,
});

async function refusal(work: Promise<unknown>): Promise<ApiError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ApiError) return error;
  throw new Error(`expected a refusal, got ${Bun.inspect(error)}`);
}

function watchOf(registry: Registry, options: Partial<WatchRequest> = {}) {
  const kind = registry.table.byKey(WIDGETS);
  if (!kind) throw new Error("no widgets");
  const ref = { kind, version: "v1", namespace: "" };
  const watch = registry.watch({
    ref,
    selection: { labels: undefined, fields: undefined },
    ...options,
  });
  const iterator = watch.events[Symbol.asyncIterator]();
  const next = async (): Promise<SelectedEvent> => {
    const result = await iterator.next();
    if (result.done) throw new Error("the watch ended");
    return result.value;
  };
  return { watch, next };
}

const brief = (event: SelectedEvent): string =>
  event.kind === "bookmark" ? "bookmark" : `${event.kind} ${event.object.metadata.name}`;

describe("a new object", () => {
  test("gets its identity from the server", async () => {
    const { widgets } = await open();
    const { object, outcome } = await widgets.create(widget("a", { size: 1 }));
    expect(outcome).toBe("created");
    expect(object.metadata).toMatchObject({
      name: "a",
      namespace: "default",
      uid: expect.stringMatching(/^uid-/),
      creationTimestamp: "2026-01-02T03:04:05Z",
      generation: 1,
      resourceVersion: expect.any(String),
    });
  });

  test("with a generated name tries another when one is taken", async () => {
    const { registry, widgets } = await open();
    const names = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const made = await widgets.create(widget("", {}, { generateName: "w-" }));
      names.add(made.object.metadata.name);
    }
    expect(names.size).toBe(5);
    for (const name of names) expect(name).toMatch(/^w-[a-z0-9]{5}$/);
    expect((await registry.client(WIDGETS, { user, fieldManager: "x" }).list()).length).toBe(5);
  });

  test("in a namespace that is missing is refused, naming the namespace", async () => {
    const { widgets } = await open();
    const error = await refusal(widgets.create(widget("a", {}, { namespace: "none" })));
    expect([error.reason, error.message]).toEqual(["NotFound", 'namespaces "none" not found']);
  });

  test("is stored in the first version and read in any", async () => {
    const { registry, store } = await open();
    const kind = registry.table.byKey(WIDGETS);
    if (!kind) throw new Error("no widgets");
    const ref = { kind, version: "v1beta1", namespace: "default" };
    const object = { ...widget("a"), apiVersion: "test.weft.dev/v1beta1" };
    const made = await registry.create(ref, object, { user, fieldManager: "x" });
    expect(made.object.apiVersion).toBe("test.weft.dev/v1beta1");
    const stored = await store.get({ kind: WIDGETS, namespace: "default", name: "a" });
    expect(stored?.apiVersion).toBe("test.weft.dev/v1");
  });
});

describe("an update", () => {
  test("counts a generation when what is wanted changes, and only then", async () => {
    const { widgets } = await open();
    await widgets.create(widget("a", { size: 1 }));
    const labelled = await widgets.modify("default", "a", (live) => ({
      ...live,
      metadata: { ...live.metadata, labels: { x: "y" } },
    }));
    expect(labelled.object.metadata.generation).toBe(1);
    const status = await widgets.setStatus("default", "a", { phase: "Good" });
    expect(status.object.metadata.generation).toBe(1);
    const changed = await widgets.modify("default", "a", (live) => ({
      ...live,
      spec: { size: 2 },
    }));
    expect(changed.object.metadata.generation).toBe(2);
    expect(changed.object.status).toEqual({ phase: "Good" });
  });

  test("that changes nothing writes nothing", async () => {
    const { widgets, registry } = await open();
    await widgets.create(widget("a", { size: 1 }));
    const first = await widgets.setStatus("default", "a", { phase: "Good" });
    const { watch, next } = watchOf(registry, {
      after: first.object.metadata.resourceVersion ?? "",
    });
    const again = await widgets.setStatus("default", "a", { phase: "Good" });
    expect(again.outcome).toBe("unchanged");
    expect(again.object.metadata.resourceVersion).toBe(first.object.metadata.resourceVersion);
    const applied = await widgets.apply(widget("a", { size: 1 }));
    const reapplied = await widgets.apply(widget("a", { size: 1 }));
    expect([applied.outcome, reapplied.outcome]).toEqual(["updated", "unchanged"]);
    watch.requestBookmark();
    expect([brief(await next()), brief(await next())]).toEqual(["modified a", "bookmark"]);
    watch[Symbol.dispose]();
  });

  test("with an old version is a conflict, and a change by reading loses to nobody", async () => {
    const { widgets } = await open();
    const { object } = await widgets.create(widget("a", { size: 0 }));
    await widgets.update({ ...object, spec: { size: 1 } });
    const error = await refusal(widgets.update({ ...object, spec: { size: 2 } }));
    expect(error.reason).toBe("Conflict");
    expect(error.message).toContain("the object has been modified; please apply your changes");
    const sizeOf = (live: Resource) => (live.spec as { size: number }).size;
    await Promise.all(
      Array.from({ length: 5 }, () =>
        widgets.modify("default", "a", (live) => ({ ...live, spec: { size: sizeOf(live) + 1 } })),
      ),
    );
    expect((await widgets.get("default", "a"))?.spec).toEqual({ size: 6 });
  });

  test("of the status leaves the rest alone, and the other way round", async () => {
    const { widgets } = await open();
    await widgets.create({ ...widget("a", { size: 1 }), status: { phase: "Forged" } });
    expect((await widgets.get("default", "a"))?.status).toBeUndefined();
    await widgets.modifyStatus("default", "a", () => ({ phase: "Good" }));
    await widgets.modify("default", "a", (live) => ({ ...live, status: { phase: "Forged" } }));
    expect((await widgets.get("default", "a"))?.status).toEqual({ phase: "Good" });
  });
});

describe("deletion", () => {
  test("waits for finalizers, and nobody may add one then", async () => {
    const { widgets } = await open();
    const finalizers = ["test.weft.dev/hold"];
    await widgets.create(widget("a", {}, { finalizers }));
    expect((await widgets.delete("default", "a"))?.outcome).toBe("updated");
    const live = await widgets.get("default", "a");
    expect(live?.metadata.deletionTimestamp).toBe("2026-01-02T03:04:05Z");
    const withFinalizers = (list: readonly string[]) => (object: Resource) => ({
      ...object,
      metadata: { ...object.metadata, finalizers: list },
    });
    const more = widgets.modify(
      "default",
      "a",
      withFinalizers([...finalizers, "test.weft.dev/more"]),
    );
    expect((await refusal(more)).message).toContain("no new finalizers can be added");
    const last = await widgets.modify("default", "a", withFinalizers([]));
    expect(last.outcome).toBe("deleted");
    expect(await widgets.get("default", "a")).toBeUndefined();
  });

  test("takes along what the object owns, unless it is to be orphaned", async () => {
    const { registry, widgets, client } = await open();
    const owner = async (name: string) => {
      const { object } = await widgets.create(widget(name));
      const { uid = "" } = object.metadata;
      return { apiVersion: "test.weft.dev/v1", kind: "Widget", name, uid };
    };
    const gadgets = client("gadgets");
    const gadget = (name: string, ownerReferences: readonly object[]) =>
      gadgets.create({
        apiVersion: "v1",
        kind: "Gadget",
        metadata: { name, namespace: "default", ownerReferences: ownerReferences as never },
      });
    const [one, two] = [await owner("one"), await owner("two")];
    await gadget("of-one", [one]);
    await gadget("of-both", [one, two]);
    await gadget("of-two", [two]);
    await widgets.delete("default", "one");
    expect((await gadgets.list()).map(({ metadata }) => metadata.name)).toEqual([
      "of-both",
      "of-two",
    ]);
    const ref = { kind: widgets.kind, version: "v1", namespace: "default", name: "two" };
    await registry.delete(ref, { user, propagation: "Orphan" });
    const left = await gadgets.list();
    expect(left.map(({ metadata }) => [metadata.name, metadata.ownerReferences])).toEqual([
      ["of-both", undefined],
      ["of-two", undefined],
    ]);
  });
});

describe("namespaces", () => {
  test("that everything needs exist from the start, each with its account", async () => {
    const { namespaces, client } = await open();
    expect((await namespaces.list()).map(({ metadata }) => metadata.name)).toEqual([
      "default",
      "istio-system",
    ]);
    const accounts = await client("serviceaccounts").list();
    expect(accounts.map(({ metadata }) => metadata.namespace)).toEqual(["default", "istio-system"]);
  });

  test("take their objects along, and stay while one of these is held", async () => {
    const { namespaces, widgets, client } = await open();
    await namespaces.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
    await widgets.create(widget("plain", {}, { namespace: "shop" }));
    const finalizers = ["test.weft.dev/hold"];
    await widgets.create(widget("held", {}, { namespace: "shop", finalizers }));
    await namespaces.delete("", "shop");
    await eventually(async () => (await widgets.list({ namespace: "shop" })).length === 1);
    expect((await namespaces.get("", "shop"))?.status).toMatchObject({ phase: "Terminating" });
    const late = await refusal(widgets.create(widget("late", {}, { namespace: "shop" })));
    expect(late.message).toContain("because it is being terminated");
    await widgets.modify("shop", "held", (live) => ({
      ...live,
      metadata: { ...live.metadata, finalizers: [] },
    }));
    await eventually(async () => (await namespaces.get("", "shop")) === undefined);
    expect(await client("serviceaccounts").list({ namespace: "shop" })).toEqual([]);
  });

  test("that go while an object is being admitted take it along", async () => {
    const gate = Promise.withResolvers<void>();
    const admitting = Promise.withResolvers<void>();
    const slow: AdmissionPlugin = {
      review: async ({ kind, operation }) => {
        if (kind.kind === "Widget" && operation === "create") {
          admitting.resolve();
          await gate.promise;
        }
        return { issues: [], warnings: [] };
      },
    };
    const { namespaces, widgets } = await open([slow]);
    await namespaces.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
    const late = widgets.create(widget("late", {}, { namespace: "shop" }));
    await admitting.promise;
    await namespaces.delete("", "shop");
    await eventually(async () => (await namespaces.get("", "shop")) === undefined);
    gate.resolve();
    await late;
    expect(await widgets.list({ namespace: "shop" })).toEqual([]);
  });

  test("whose removal a restart cut off are removed after it", async () => {
    const store = openMemoryStore();
    const first = await open([], store);
    await first.namespaces.create({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "shop" },
    });
    const key = { kind: "namespaces", namespace: "", name: "shop" };
    const live = await store.get(key);
    if (!live) throw new Error("no namespace");
    const metadata = { ...live.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" };
    await store.update(key, { ...live, metadata }, live.metadata.resourceVersion ?? "");
    const second = await open([], store);
    expect(await second.namespaces.get("", "shop")).toBeUndefined();
  });
});

describe("admission", () => {
  const plugin = (review: AdmissionPlugin["review"]): AdmissionPlugin => ({ review });
  const nothing = { issues: [], warnings: [] };

  test("sees the object as it would be stored, and the store beside it", async () => {
    const requests: AdmissionRequest[] = [];
    const seen: number[] = [];
    const { widgets } = await open([
      plugin(async (request) => {
        requests.push(request);
        if (request.kind.kind === "Widget")
          seen.push((await request.objects.list(WIDGETS, { namespace: "default" })).length);
        return nothing;
      }),
    ]);
    requests.length = 0;
    await widgets.create(widget("a", { size: 1 }));
    await widgets.modify("default", "a", (live) => ({ ...live, spec: { size: 2 } }));
    await widgets.setStatus("default", "a", { phase: "Good" });
    await widgets.delete("default", "a");
    expect(requests.map(({ operation, subresource }) => `${operation} ${subresource}`)).toEqual([
      "create ",
      "update ",
      "update status",
      "delete ",
    ]);
    expect(requests[1]?.object?.spec).toEqual({ size: 2 });
    expect(requests[1]?.oldObject?.spec).toEqual({ size: 1 });
    expect(requests[0]?.user.name).toBe("tester");
    expect(seen).toEqual([0, 1, 1, 1]);
  });

  test("refuses with issues, warns, and replaces what is then validated again", async () => {
    const { widgets } = await open([
      plugin(async ({ object }) => {
        const size = (object?.spec as { size?: number } | undefined)?.size;
        if (size === 1)
          return {
            ...nothing,
            issues: [{ path: "spec.size", code: "conflict", message: "taken by widget b" }],
          };
        if (size === 2) return { ...nothing, warnings: ["size 2 is odd"] };
        if (size === 3 && object) return { ...nothing, object: { ...object, spec: { size: 30 } } };
        if (size === 4 && object) return { ...nothing, object: { ...object, spec: { size: -4 } } };
        return nothing;
      }),
    ]);
    const refused = await refusal(widgets.create(widget("a", { size: 1 })));
    expect(refused.message).toBe(
      'Widget.test.weft.dev "a" is invalid: spec.size: Forbidden: taken by widget b',
    );
    expect((await widgets.create(widget("b", { size: 2 }))).warnings).toEqual(["size 2 is odd"]);
    expect((await widgets.create(widget("c", { size: 3 }))).object.spec).toEqual({ size: 30 });
    expect((await refusal(widgets.create(widget("d", { size: 4 })))).reason).toBe("Invalid");
  });
});

describe("a watch", () => {
  test("without a version begins with what exists, and says where that ends when asked", async () => {
    const { registry, widgets } = await open();
    await widgets.create(widget("a"));
    const { watch, next } = watchOf(registry, { sendInitialEvents: true });
    expect(brief(await next())).toBe("added a");
    expect(await next()).toMatchObject({ kind: "bookmark", initialEventsEnd: true });
    await widgets.create(widget("b"));
    expect(brief(await next())).toBe("added b");
    watch[Symbol.dispose]();
  });

  test("with a selector tells of objects that begin and cease to match", async () => {
    const { registry, widgets } = await open();
    const labels = (found: Readonly<Record<string, string>> | undefined) => found?.on === "yes";
    const { watch, next } = watchOf(registry, {
      sendInitialEvents: false,
      selection: { labels, fields: undefined },
    });
    const label = (on: string) =>
      widgets.modify("default", "a", (live) => ({
        ...live,
        metadata: { ...live.metadata, labels: { on } },
      }));
    await widgets.create(widget("a"));
    await label("yes");
    await widgets.modify("default", "a", (live) => ({ ...live, spec: { size: 1 } }));
    await label("no");
    await widgets.delete("default", "a");
    await widgets.create(widget("b", {}, { labels: { on: "yes" } }));
    const events = [await next(), await next(), await next(), await next()];
    expect(events.map(brief)).toEqual(["added a", "modified a", "deleted a", "added b"]);
    watch[Symbol.dispose]();
  });

  test("from a version that is compacted away has expired", async () => {
    const { registry, widgets } = await open([], openMemoryStore({ keepChanges: 3 }));
    for (let i = 0; i < 10; i++) await widgets.create(widget(`w${i}`));
    const { next } = watchOf(registry, { after: "1" });
    expect((await refusal(next())).reason).toBe("Expired");
  });
});

describe("server-side apply", () => {
  test("does not own status, and takes away only what nobody else wants", async () => {
    const { client, widgets } = await open();
    const one = client(WIDGETS, "one");
    const two = client(WIDGETS, "two");
    await one.apply({ ...widget("a", { size: 1, color: "red" }), status: { phase: "Forged" } });
    await two.apply(widget("a", { color: "red", tags: ["x"] }));
    const { object } = await one.apply(widget("a", {}));
    expect(object.spec).toEqual({ color: "red", tags: ["x"] });
    expect(object.status).toBeUndefined();
    const managers = (await widgets.get("default", "a"))?.metadata.managedFields;
    expect(managers).toMatchObject([
      { manager: "one", fieldsV1: { "f:spec": {} } },
      { manager: "two", fieldsV1: { "f:spec": { "f:color": {}, "f:tags": { 'v:"x"': {} } } } },
    ]);
  });

  test("reports every conflict with its owner", async () => {
    const { registry, widgets } = await open();
    await widgets.create(widget("a", { size: 1, color: "red" }));
    const ref = { kind: widgets.kind, version: "v1", namespace: "default", name: "a" };
    const config = widget("a", { size: 2, color: "blue" });
    const options = { user, fieldManager: "other" };
    const error = await refusal(registry.apply({ ref, subresource: "", config }, options));
    expect(error.reason).toBe("Conflict");
    expect(error.message).toBe(
      'Apply failed with 2 conflicts: conflicts with "tester" using test.weft.dev/v1:\n- .spec.color\n- .spec.size',
    );
    expect(error.causes).toEqual([
      {
        reason: "FieldManagerConflict",
        message: 'conflict with "tester" using test.weft.dev/v1',
        field: ".spec.color",
      },
      {
        reason: "FieldManagerConflict",
        message: 'conflict with "tester" using test.weft.dev/v1',
        field: ".spec.size",
      },
    ]);
  });
});
