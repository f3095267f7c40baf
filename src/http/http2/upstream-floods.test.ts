import { describe, expect, test } from "bun:test";
import { FLOOD_LIMITS } from "./limits/flood-limits.ts";
import { clientBench, get } from "./testing/client-bench.ts";
import {
  block,
  continuation,
  data,
  frame,
  goaway,
  headers,
  OPEN,
  ping,
  priority,
  rstStream,
  settings,
  windowUpdate,
} from "./testing/raw-frames.ts";

const OK = [[":status", "200"]] as const;
const flood = {
  ...FLOOD_LIMITS,
  controlFrames: { burst: 50, perSecond: 0 },
  tinyData: { burst: 20, perSecond: 0 },
  priorityFramesPerStream: 10,
};
const times = (count: number, make: (index: number) => Buffer): Buffer[] =>
  Array.from({ length: count }, (_, index) => make(index));
const answer = headers(1, OK, OPEN);

describe("an upstream that floods its connection loses it, and each of its requests is a 502", () => {
  test.each<[string, Buffer[]]>([
    ["PING", times(51, () => ping("12345678"))],
    ["SETTINGS", times(51, () => settings([[4, 1_000]]))],
    ["frames of no known type", times(51, () => frame(0xcb, 0, 1, Buffer.alloc(0)))],
    ["PRIORITY", times(50, () => priority(1, 0))],
    ["WINDOW_UPDATE", times(12, () => windowUpdate(0, 1))],
    ["empty DATA", [answer, data(1, ""), data(1, "")]],
    ["tiny DATA", [answer, ...times(21, () => data(1, "x"))]],
    [
      "CONTINUATION",
      [frame(1, 0, 1, block(OK)), ...times(7, () => continuation(1, Buffer.of(0x88), 0))],
    ],
    [
      "empty CONTINUATION",
      [frame(1, 0, 1, block(OK)), ...times(2, () => continuation(1, Buffer.of(), 0))],
    ],
    [
      "a header block without end",
      [frame(1, 0, 1, block(OK)), ...times(5, () => continuation(1, Buffer.alloc(16_000), 0))],
    ],
  ])("with %s", async (_, frames) => {
    await using it = await clientBench({ flood });
    const stories = [get(it.connection), get(it.connection)];
    await it.peer.expect("HEADERS 1 GET / END_STREAM", "HEADERS 3 GET / END_STREAM");
    it.peer.send(...frames);
    await it.peer.until("GOAWAY 0 ENHANCE_YOUR_CALM");
    for (const story of stories) {
      await story.over;
      expect(story.error).toMatchObject({
        code: "ENHANCE_YOUR_CALM",
        fault: "upstream",
        status: 502,
      });
    }
    await it.owner.retired;
    expect(it.connection.available).toBe(0);
  });

  test("with more GOAWAY than anybody needs", async () => {
    await using it = await clientBench({ flood });
    const story = get(it.connection);
    await it.peer.expect("HEADERS 1 GET / END_STREAM");
    it.peer.send(...times(51, () => goaway(1, "NO_ERROR")));
    await it.peer.until("GOAWAY 0 ENHANCE_YOUR_CALM");
    await story.over;
    expect(story.error).toMatchObject({ fault: "upstream", status: 502 });
  });

  test("but not with resets of streams that were answered early: it may do so for each", async () => {
    await using it = await clientBench({ flood: { ...flood, resets: { burst: 5, perSecond: 0 } } });
    for (let i = 0; i < 10; i++) {
      const story = get(it.connection);
      const id = 2 * i + 1;
      await it.peer.expect(`HEADERS ${id} GET / END_STREAM`);
      it.peer.send(headers(id, OK), rstStream(id, "NO_ERROR"));
      await story.over;
      expect(story.words).toEqual(["200", "end"]);
    }
    expect(it.owner.retiredBy).toBeUndefined();
  });
});
