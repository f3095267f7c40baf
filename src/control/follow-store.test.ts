import { expect, test } from "bun:test";
import { silentLog } from "#core/log.ts";
import { openMemoryStore } from "#store/memory/open-memory-store.ts";
import { followStore, type ObjectChange } from "./follow-store.ts";

const kind = "services";
const object = (name: string, generation: number) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "shop", generation },
});
const at = (name: string) => ({ kind, namespace: "shop", name });

/** What is told, batch by batch; `until` resolves when so many changes have been. */
function recorder() {
  const batches: (readonly ObjectChange[])[] = [];
  const waiting: { readonly count: number; resolve(): void }[] = [];
  const told = () => batches.flat();
  return {
    batches,
    told,
    take(changes: readonly ObjectChange[]) {
      batches.push(changes);
      for (const { count, resolve } of waiting) if (told().length >= count) resolve();
    },
    until(count: number): Promise<void> {
      if (told().length >= count) return Promise.resolve();
      return new Promise((resolve) => waiting.push({ count, resolve }));
    },
  };
}

test("what is there comes at once, in one batch", async () => {
  await using store = openMemoryStore();
  await store.create(at("a"), object("a", 1));
  await store.create(at("b"), object("b", 1));
  const recorded = recorder();
  await using _ = await followStore(store, [kind], recorded.take, silentLog);
  expect(recorded.batches.map((batch) => batch.map(({ key }) => key))).toEqual([
    ["shop/a", "shop/b"],
  ]);
});

test("changes and deletions follow in their order", async () => {
  await using store = openMemoryStore();
  const recorded = recorder();
  await using _ = await followStore(store, [kind], recorded.take, silentLog);
  const created = await store.create(at("a"), object("a", 1));
  await store.update(at("a"), object("a", 2), created.metadata.resourceVersion ?? "");
  await store.delete(at("a"));
  await recorded.until(3);
  expect(recorded.told().map((change) => change.object?.metadata.generation)).toEqual([
    1,
    2,
    undefined,
  ]);
});

test("a watch that compaction overtakes tells the differences only", async () => {
  await using store = openMemoryStore({ keepChanges: 2 });
  await store.create(at("stays"), object("stays", 1));
  await store.create(at("goes"), object("goes", 1));
  const recorded = recorder();
  await using _ = await followStore(store, [kind], recorded.take, silentLog);
  await recorded.until(2);
  await store.delete(at("goes"));
  for (let i = 0; i < 10; i++) await store.create(at(`new-${i}`), object(`new-${i}`, 1));
  await recorded.until(13);
  const later = recorded.told().slice(2);
  expect(later.filter(({ key }) => key === "shop/stays")).toEqual([]);
  expect(later.filter(({ object: gone }) => gone === undefined).map(({ key }) => key)).toEqual([
    "shop/goes",
  ]);
  expect(new Set(later.map(({ key }) => key)).size).toBe(11);
});
