// What every store must do, as one suite that each store's own test file runs.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Resource } from "#resources/resource.ts";
import type { ObjectKey, Store, WatchEvent } from "./store.ts";
import { isStoreError, type StoreErrorCode } from "./store-error.ts";

export type OpenStore = (options: { keepChanges?: number }) => Promise<Store> | Store;

export const key = (name: string, namespace = "shop", kind = "widgets.test"): ObjectKey => ({
  kind,
  namespace,
  name,
});

export const widget = ({ name, namespace }: ObjectKey, size = 1): Resource => ({
  apiVersion: "test/v1",
  kind: "Widget",
  metadata: { name, namespace },
  spec: { size },
});

export async function failsWith(code: StoreErrorCode, work: () => unknown): Promise<void> {
  const outcome = await Promise.try(work).then(
    () => "it succeeded",
    (error: unknown) => (isStoreError(error, code) ? "as expected" : error),
  );
  expect(outcome).toBe("as expected");
}

const version = (object: Resource): string => object.metadata.resourceVersion ?? "";

export async function take(events: AsyncIterable<WatchEvent>, count: number) {
  const iterator = events[Symbol.asyncIterator]();
  const taken: WatchEvent[] = [];
  while (taken.length < count) {
    const result = await iterator.next();
    if (result.done) break;
    taken.push(result.value);
  }
  return taken;
}

export function describeStore(title: string, open: OpenStore): void {
  describe(title, () => {
    describeObjects(open);
    describeLists(open);
    describeWatches(open);
  });
}

function describeObjects(open: OpenStore): void {
  test("an object that was created is read back with a version", async () => {
    await using store = await open({});
    const created = await store.create(key("a"), widget(key("a")));
    expect(version(created)).not.toBe("");
    expect(await store.get(key("a"))).toEqual(created);
    expect(await store.get(key("b"))).toBeUndefined();
  });

  test("a name is taken once per kind and namespace", async () => {
    await using store = await open({});
    await store.create(key("a"), widget(key("a")));
    await failsWith("already-exists", () => store.create(key("a"), widget(key("a"))));
    await store.create(key("a", "other"), widget(key("a", "other")));
    await store.create(key("a", "shop", "gadgets.test"), widget(key("a")));
  });

  test("an update needs the version that is stored", async () => {
    await using store = await open({});
    const first = await store.create(key("a"), widget(key("a")));
    const second = await store.update(key("a"), widget(key("a"), 2), version(first));
    expect(version(second)).not.toBe(version(first));
    await failsWith("conflict", () => store.update(key("a"), widget(key("a"), 3), version(first)));
    await failsWith("not-found", () => store.update(key("b"), widget(key("b")), "1"));
    expect((await store.get(key("a")))?.spec).toEqual({ size: 2 });
  });

  test("of concurrent updates from one version exactly one succeeds", async () => {
    await using store = await open({});
    const first = await store.create(key("a"), widget(key("a")));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) =>
        store.update(key("a"), widget(key("a"), i), version(first)),
      ),
    );
    const won = outcomes.filter((outcome) => outcome.status === "fulfilled");
    expect(won).toHaveLength(1);
    expect(await store.get(key("a"))).toEqual(won[0]?.value);
  });

  test("a deletion returns the last state and compares when asked to", async () => {
    await using store = await open({});
    const created = await store.create(key("a"), widget(key("a")));
    await failsWith("conflict", () => store.delete(key("a"), "999999"));
    const deleted = await store.delete(key("a"), version(created));
    expect(deleted.spec).toEqual({ size: 1 });
    expect(version(deleted)).not.toBe(version(created));
    expect(await store.get(key("a"))).toBeUndefined();
    await failsWith("not-found", () => store.delete(key("a")));
  });

  test("a closed store refuses everything", async () => {
    const store = await open({});
    await store[Symbol.asyncDispose]();
    await failsWith("closed", () => store.get(key("a")));
    await failsWith("closed", () => store.create(key("a"), widget(key("a"))));
  });

  test("any sequence of writes leaves what a plain map would hold", async () => {
    const operation = fc.record({
      verb: fc.constantFrom("create", "update", "delete"),
      name: fc.constantFrom("a", "b", "c"),
      size: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 30 }), async (operations) => {
        await using store = await open({ keepChanges: 5 });
        const model = new Map<string, number>();
        for (const { verb, name, size } of operations) {
          const before = await store.get(key(name));
          expect(before !== undefined).toBe(model.has(name));
          if (verb === "create" && !before) await store.create(key(name), widget(key(name), size));
          else if (verb === "update" && before)
            await store.update(key(name), widget(key(name), size), version(before));
          else if (verb === "delete" && before) await store.delete(key(name));
          else continue;
          if (verb === "delete") model.delete(name);
          else model.set(name, size);
        }
        const { items } = await store.list("widgets.test");
        expect(items.map((item) => [item.metadata.name, item.spec])).toEqual(
          [...model].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, size]) => [name, { size }]),
        );
      }),
      { numRuns: 20, seed: 7 },
    );
  });
}

function describeLists(open: OpenStore): void {
  test("a list is ordered by namespace and name and can be of one namespace", async () => {
    await using store = await open({});
    const keys = [key("b"), key("a"), key("a", "shop-2"), key("z", "a")];
    for (const each of keys) await store.create(each, widget(each));
    const names = async (namespace?: string) =>
      (await store.list("widgets.test", namespace === undefined ? {} : { namespace })).items.map(
        ({ metadata }) => `${metadata.namespace}/${metadata.name}`,
      );
    expect(await names()).toEqual(["a/z", "shop-2/a", "shop/a", "shop/b"]);
    expect(await names("shop")).toEqual(["shop/a", "shop/b"]);
    expect(await names("none")).toEqual([]);
  });

  test("pages show one moment although objects come, change and go between them", async () => {
    await using store = await open({});
    for (const name of ["a", "c", "e", "g"]) await store.create(key(name), widget(key(name)));
    const first = await store.list("widgets.test", { limit: 2 });
    expect(first.remaining).toBe(2);
    await store.create(key("d"), widget(key("d")));
    await store.delete(key("e"));
    const g = await store.get(key("g"));
    await store.update(key("g"), widget(key("g"), 9), version(g ?? widget(key("g"))));
    const second = await store.list("widgets.test", {
      limit: 2,
      continueFrom: first.continueFrom ?? "",
    });
    expect(second.items.map(({ metadata, spec }) => [metadata.name, spec])).toEqual([
      ["e", { size: 1 }],
      ["g", { size: 1 }],
    ]);
    expect(second.resourceVersion).toBe(first.resourceVersion);
    expect(second.continueFrom).toBeUndefined();
  });

  test("a list of an earlier version shows that moment", async () => {
    await using store = await open({});
    const first = await store.create(key("a"), widget(key("a")));
    await store.update(key("a"), widget(key("a"), 2), version(first));
    await store.create(key("b"), widget(key("b")));
    const then = await store.list("widgets.test", { at: version(first) });
    expect(then.items).toEqual([first]);
    await failsWith("invalid-version", () => store.list("widgets.test", { at: "999999" }));
  });

  test("a page token from before the history is gone, a made-up one is invalid", async () => {
    await using store = await open({ keepChanges: 4 });
    for (const name of ["a", "b", "c"]) await store.create(key(name), widget(key(name)));
    const { continueFrom = "" } = await store.list("widgets.test", { limit: 1 });
    for (let i = 0; i < 20; i++) await store.create(key(`x${i}`), widget(key(`x${i}`)));
    await failsWith("gone", () => store.list("widgets.test", { limit: 1, continueFrom }));
    await failsWith("invalid-version", () => store.list("widgets.test", { continueFrom: "?" }));
  });
}

function describeWatches(open: OpenStore): void {
  test("a watch from a list misses nothing and repeats nothing", async () => {
    await using store = await open({});
    await store.create(key("old"), widget(key("old")));
    const { resourceVersion } = await store.list("widgets.test");
    const created = await store.create(key("a"), widget(key("a")));
    using watch = store.watch({ kind: "widgets.test", after: resourceVersion });
    await store.update(key("a"), widget(key("a"), 2), version(created));
    await store.delete(key("a"));
    const events = await take(watch.events, 3);
    expect(events.map(({ kind }) => kind)).toEqual(["added", "modified", "deleted"]);
    expect(events.map(({ object }) => object?.spec)).toEqual([
      { size: 1 },
      { size: 2 },
      { size: 2 },
    ]);
    expect(events.map(({ object }) => object?.metadata.resourceVersion)).toEqual(
      events.map((event) => event.resourceVersion),
    );
  });

  test("a watch sees its kind and namespace only", async () => {
    await using store = await open({});
    using watch = store.watch({ kind: "widgets.test", namespace: "shop" });
    await store.create(key("a", "other"), widget(key("a", "other")));
    await store.create(key("a", "shop", "gadgets.test"), widget(key("a")));
    await store.create(key("b"), widget(key("b")));
    const [event] = await take(watch.events, 1);
    expect(event?.object?.metadata.name).toBe("b");
  });

  test("all watches of a change share one event", async () => {
    await using store = await open({});
    using one = store.watch({ kind: "widgets.test" });
    using two = store.watch({ kind: "widgets.test" });
    await store.create(key("a"), widget(key("a")));
    const [first] = await take(one.events, 1);
    const [second] = await take(two.events, 1);
    expect(first).toBe(second as WatchEvent);
  });

  test("a bookmark that was asked for comes behind the events before it", async () => {
    await using store = await open({});
    using watch = store.watch({ kind: "widgets.test" });
    await store.create(key("a"), widget(key("a")));
    watch.requestBookmark();
    const events = await take(watch.events, 2);
    expect(events.map(({ kind }) => kind)).toEqual(["added", "bookmark"]);
    expect(events[1]?.resourceVersion).toBe(events[0]?.resourceVersion ?? "");
  });

  test("a watch from before the history is gone, and from no version at all is invalid", async () => {
    await using store = await open({ keepChanges: 4 });
    for (let i = 0; i < 20; i++) await store.create(key(`x${i}`), widget(key(`x${i}`)));
    using old = store.watch({ kind: "widgets.test", after: "1" });
    await failsWith("gone", () => take(old.events, 1));
    using wrong = store.watch({ kind: "widgets.test", after: "yesterday" });
    await failsWith("invalid-version", () => take(wrong.events, 1));
    const { resourceVersion } = await store.list("widgets.test");
    using now = store.watch({ kind: "widgets.test", after: resourceVersion });
    await store.create(key("new"), widget(key("new")));
    expect((await take(now.events, 1))[0]?.object?.metadata.name).toBe("new");
  });

  test("a watch that is disposed ends, and one of a closing store says so", async () => {
    const store = await open({});
    const watch = store.watch({ kind: "widgets.test" });
    const ended = take(watch.events, 1);
    watch[Symbol.dispose]();
    expect(await ended).toEqual([]);
    const open2 = store.watch({ kind: "widgets.test" });
    const closed = failsWith("closed", () => take(open2.events, 1));
    await store[Symbol.asyncDispose]();
    await closed;
  });

  test("a reader that stops reading is cut off instead of held in memory", async () => {
    await using store = await open({});
    using watch = store.watch({ kind: "widgets.test" });
    for (let round = 0; round < 21; round++)
      await Promise.all(
        Array.from({ length: 1000 }, (_, i) => {
          const each = key(`x${round}-${i}`);
          return store.create(each, widget(each));
        }),
      );
    await failsWith("gone", () => take(watch.events, 1));
  });
}
