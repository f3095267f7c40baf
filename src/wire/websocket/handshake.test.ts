import { expect, test } from "bun:test";
import { acceptOf, KEY_BYTES, keyOf } from "./handshake.ts";

test("a server answers the key of RFC 6455 section 1.3 as it is written there", () => {
  const key = keyOf(Buffer.from("the sample nonce"));
  expect(key).toBe("dGhlIHNhbXBsZSBub25jZQ==");
  expect(acceptOf(key)).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});

test("a key is 24 characters of base64", () => {
  expect(keyOf(new Uint8Array(KEY_BYTES))).toBe("AAAAAAAAAAAAAAAAAAAAAA==");
});
