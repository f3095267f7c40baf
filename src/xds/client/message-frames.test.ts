import { expect, test } from "bun:test";
import fc from "fast-check";
import { XdsError } from "../xds-error.ts";
import { encodeFrame, FrameReader } from "./message-frames.ts";

/** Reads the bytes in chunks of these sizes, then of one byte. */
function read(bytes: Uint8Array, sizes: readonly number[], maxBytes = 1_000): Uint8Array[] {
  const reader = new FrameReader(maxBytes);
  const messages: Uint8Array[] = [];
  let at = 0;
  for (const size of [...sizes, ...Array<number>(bytes.length).fill(1)]) {
    reader.push(bytes.subarray(at, at + size), (message) => messages.push(message));
    at += size;
  }
  reader.finish();
  return messages;
}

test("messages come out whole, however the bytes are cut", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 });
  const sizes = fc.array(fc.nat(20), { maxLength: 30 });
  fc.assert(
    fc.property(messages, sizes, (sent, cuts) => {
      expect(read(Buffer.concat(sent.map(encodeFrame)), cuts)).toEqual(sent);
    }),
  );
});

test("an empty message at the end of a chunk comes at once", () => {
  const reader = new FrameReader(10);
  const messages: Uint8Array[] = [];
  reader.push(encodeFrame(new Uint8Array(0)), (message) => messages.push(message));
  expect(messages).toEqual([new Uint8Array(0)]);
});

test("a message over the limit is refused by its head, before it is read", () => {
  expect(() => read(Uint8Array.of(0, 0, 0, 4, 0), [], 1_000)).toThrow(
    "a message of 1024 bytes came; at most 1000 are read",
  );
});

test("a compressed message is refused", () => {
  expect(() => read(Uint8Array.of(1, 0, 0, 0, 0), [])).toThrow("compressed");
});

test("an end in the middle of a message is an error", () => {
  expect(() => read(Uint8Array.of(0, 0, 0, 0, 4, 1), [])).toThrow("in the middle of a message");
  expect(() => read(Uint8Array.of(0, 0), [])).toThrow("in the middle of a message");
});

test("random bytes give messages or an XdsError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        read(bytes, [7]);
      } catch (error) {
        expect(error).toBeInstanceOf(XdsError);
      }
    }),
  );
});
