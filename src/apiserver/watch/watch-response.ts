import type { Resource } from "#resources/resource.ts";
import { ApiError, statusOf } from "../errors/api-error.ts";
import type { ObjectWatch, SelectedEvent } from "../registry/watch-objects.ts";

export interface WatchResponseOptions {
  /** The object in the client's form; `isFirst` for what comes only once. */
  readonly present: (object: Resource, isFirst: boolean) => unknown;
  readonly bookmark: { readonly apiVersion: string; readonly kind: string } | undefined;
  readonly timeoutMs: number;
  readonly onFailure: (error: unknown) => void;
}

/** How often a client that asked for bookmarks gets one. */
const BOOKMARK_INTERVAL_MS = 60_000;

/** A chunked response of one JSON object per line, until the client goes, the watch fails or the time is up. */
export function watchResponse(watch: ObjectWatch, options: WatchResponseOptions): Response {
  const encoder = new TextEncoder();
  const iterator = watch.events[Symbol.asyncIterator]();
  const lines = new LineWriter(options);
  const timers = startTimers(watch, options);
  let isGone = false;
  const finish = (): void => {
    timers.stop();
    watch[Symbol.dispose]();
  };
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const text = await nextLine(iterator, lines);
        if (isGone) return;
        if (text === undefined) {
          finish();
          controller.close();
        } else controller.enqueue(encoder.encode(text));
      } catch (error) {
        finish();
        if (isGone) return;
        controller.enqueue(encoder.encode(lines.errorLine(error)));
        controller.close();
      }
    },
    cancel() {
      isGone = true;
      finish();
    },
  });
  return new Response(body, {
    headers: { "content-type": "application/json", "cache-control": "no-cache, private" },
  });
}

/** Undefined at the end. */
async function nextLine(
  events: AsyncIterator<SelectedEvent>,
  lines: LineWriter,
): Promise<string | undefined> {
  for (;;) {
    const next = await events.next();
    if (next.done) return undefined;
    const text = lines.lineOf(next.value);
    if (text !== undefined) return text;
  }
}

function startTimers(watch: ObjectWatch, { timeoutMs, bookmark }: WatchResponseOptions) {
  const end = setTimeout(() => watch[Symbol.dispose](), timeoutMs);
  const mark = bookmark && setInterval(() => watch.requestBookmark(), BOOKMARK_INTERVAL_MS);
  return {
    stop: () => {
      clearTimeout(end);
      clearInterval(mark);
    },
  };
}

class LineWriter {
  readonly #options: WatchResponseOptions;
  #isFirst = true;

  constructor(options: WatchResponseOptions) {
    this.#options = options;
  }

  /** Undefined for what the client did not ask for. */
  lineOf(event: SelectedEvent): string | undefined {
    if (event.kind !== "bookmark") {
      const object = this.#options.present(event.object, this.#isFirst);
      this.#isFirst = false;
      return line(event.kind.toUpperCase(), object);
    }
    if (!this.#options.bookmark) return undefined;
    const annotations = event.initialEventsEnd
      ? { annotations: { "k8s.io/initial-events-end": "true" } }
      : {};
    const metadata = { name: "", resourceVersion: event.resourceVersion, ...annotations };
    const object = { ...this.#options.bookmark, metadata };
    return line("BOOKMARK", this.#options.present(object, false));
  }

  errorLine(error: unknown): string {
    if (error instanceof ApiError) return line("ERROR", statusOf(error));
    this.#options.onFailure(error);
    return line("ERROR", statusOf(new ApiError("InternalError", "the watch failed")));
  }
}

function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}
