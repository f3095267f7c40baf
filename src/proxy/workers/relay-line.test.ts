import { expect, test } from "bun:test";
import fc from "fast-check";
import { LineSplitter } from "./line-splitter.ts";
import { readRelayLine, relayLine } from "./relay-line.ts";

test("what is relayed says who is meant, and comes out as it went in", () => {
  const worker = fc.option(fc.nat(30), { nil: undefined });
  const line = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", ""));
  fc.assert(
    fc.property(worker, line, (to, body) => {
      expect(readRelayLine(relayLine(to, body).slice(0, -1))).toEqual({ worker: to, body });
    }),
  );
});

test.each(['{"event":"ready"}', "", "@", "@x {}", "@1"])("%j is not relayed", (line) => {
  expect(readRelayLine(line)).toBeUndefined();
});

test("lines come out whole, however the bytes are cut", () => {
  const line = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", ""));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.integer({ min: 1, max: 9 })), (lines, cuts) => {
      const bytes = new TextEncoder().encode(lines.map((one) => `${one}\n`).join(""));
      const splitter = new LineSplitter();
      const found: string[] = [];
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = cuts[i % cuts.length] ?? 5;
        found.push(...splitter.push(bytes.subarray(at, at + size)));
        at += size;
      }
      expect(found).toEqual(lines);
    }),
  );
});
