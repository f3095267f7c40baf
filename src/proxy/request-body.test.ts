import { expect, test } from "bun:test";
import type { ClientExchange } from "#http/exchange.ts";
import { RequestBody } from "./request-body.ts";

function sent(body: RequestBody): { readonly text: string; readonly bufferBytes: number } {
  const pieces: Uint8Array[] = [];
  body.sendTo({
    write: (slice: Uint8Array) => pieces.push(slice) > 0,
  } as unknown as ClientExchange);
  const buffers = new Set(pieces.map(({ buffer }) => buffer));
  return {
    text: Buffer.concat(pieces).toString("latin1"),
    bufferBytes: [...buffers].reduce((total, { byteLength }) => total + byteLength, 0),
  };
}

test("what was sent can be sent again, in order, whatever the size of its pieces", () => {
  const body = new RequestBody(64 * 1024);
  let text = "";
  for (let i = 0; i < 3_000; i++) {
    const piece = String.fromCharCode(97 + (i % 26)).repeat(i % 100 === 0 ? 3_000 : i % 5);
    if (text.length + piece.length > 60_000) break;
    text += piece;
    body.hold(Buffer.from(piece, "latin1"), false);
  }
  expect(body.mayReplay).toBe(true);
  expect(sent(body).text).toBe(text);
  expect(sent(body).text).toBe(text);
});

test("crumbs of large reads hold little more than themselves", () => {
  const body = new RequestBody(64 * 1024);
  for (let i = 0; i < 10_000; i++) body.hold(Buffer.alloc(64 * 1024).subarray(0, 1), false);
  expect(sent(body).bufferBytes).toBeLessThan(100_000);
});

test("past its limit nothing is kept", () => {
  const body = new RequestBody(10);
  body.hold(Buffer.from("01234567"), false);
  expect(body.mayReplay).toBe(true);
  body.hold(Buffer.from("89a"), false);
  expect(body.mayReplay).toBe(false);
  expect(sent(body).text).toBe("");
});

test("what nobody has got yet is held whatever its size", () => {
  const body = new RequestBody(4);
  body.hold(Buffer.from("0123456789"), true);
  expect(body.mayReplay).toBe(false);
  expect(sent(body).text).toBe("0123456789");
});
