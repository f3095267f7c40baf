import type { Resource } from "#resources/resource.ts";
import type { Watch, WatchEvent } from "#store/store.ts";
import { isStoreError } from "#store/store-error.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Core } from "./core.ts";
import { listObjects, type Selection, selects, selectsAll } from "./list-objects.ts";
import type { CollectionRef } from "./object-ref.ts";

export interface WatchRequest {
  readonly ref: CollectionRef;
  readonly selection: Selection;
  /** Events after this version. Absent or `0`: what exists first, as `added`. */
  readonly after?: string;
  /** What exists first, then a bookmark that says so. */
  readonly sendInitialEvents?: boolean;
}

export type SelectedEvent =
  | { readonly kind: "added" | "modified" | "deleted"; readonly object: Resource }
  | {
      readonly kind: "bookmark";
      readonly resourceVersion: string;
      /** What existed when the watch began has all been sent. */
      readonly initialEventsEnd?: boolean;
    };

export interface ObjectWatch extends Disposable {
  readonly events: AsyncIterable<SelectedEvent>;
  requestBookmark(): void;
}

/** Events ends when the watch is disposed, and throws ApiError `Expired` when history no longer reaches back. */
export function watchObjects(core: Core, request: WatchRequest): ObjectWatch {
  const { ref } = request;
  const fromNow = request.after === undefined || request.after === "0";
  const initial = request.sendInitialEvents ?? fromNow;
  const state: { watch?: Watch; ended?: boolean } = {};
  const open = (after: string | undefined): Watch => {
    const namespace = ref.namespace === "" ? {} : { namespace: ref.namespace };
    const from = after === undefined ? {} : { after };
    const watch = core.store.watch({ kind: ref.kind.key, ...namespace, ...from });
    if (state.ended) watch[Symbol.dispose]();
    state.watch = watch;
    return watch;
  };
  // Without a list to start from, the watch must stand before anything else happens.
  const begun = initial ? undefined : open(fromNow ? undefined : request.after);
  return {
    events: events(core, request, begun, open),
    requestBookmark: () => state.watch?.requestBookmark(),
    [Symbol.dispose]: () => {
      state.ended = true;
      state.watch?.[Symbol.dispose]();
    },
  };
}

async function* events(
  core: Core,
  { ref, selection, sendInitialEvents }: WatchRequest,
  begun: Watch | undefined,
  open: (after: string | undefined) => Watch,
): AsyncGenerator<SelectedEvent> {
  let watch = begun;
  if (!watch) {
    const list = await listObjects(core, { ref, selection });
    watch = open(list.resourceVersion);
    for (const object of list.items) yield { kind: "added", object };
    if (sendInitialEvents) {
      const { resourceVersion } = list;
      yield { kind: "bookmark", resourceVersion, initialEventsEnd: true };
    }
  }
  try {
    for await (const event of watch.events) {
      const selected = select(selection, event);
      if (selected) yield selected;
    }
  } catch (error) {
    if (isStoreError(error, "gone")) throw new ApiError("Expired", error.message, { cause: error });
    if (isStoreError(error, "invalid-version"))
      throw new ApiError("BadRequest", `Invalid value: ${error.message}`, { cause: error });
    if (isStoreError(error, "closed")) return;
    throw error;
  }
}

/** An object that begins or ceases to match comes or goes, as far as this watch is concerned. */
function select(selection: Selection, event: WatchEvent): SelectedEvent | undefined {
  const { kind, object, previous, resourceVersion } = event;
  if (kind === "bookmark" || object === undefined) return { kind: "bookmark", resourceVersion };
  if (selectsAll(selection)) return { kind, object };
  const matched = previous !== undefined && selects(selection, previous);
  const matches = selects(selection, object);
  if (kind === "deleted") return matches ? { kind, object } : undefined;
  if (matches) return { kind: matched ? "modified" : "added", object };
  if (!matched || previous === undefined) return undefined;
  const gone = { ...previous, metadata: { ...previous.metadata, resourceVersion } };
  return { kind: "deleted", object: gone };
}
