import { ClientHelloReader } from "#wire/tls-client-hello.ts";
import { type FuzzTarget, mustEqual } from "../target.ts";

function read(bytes: Buffer, pieceBytes: number): string {
  const reader = new ClientHelloReader();
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const found = reader.push(bytes.subarray(at, at + pieceBytes));
    if (found.kind !== "partial") return JSON.stringify(found);
  }
  return "partial";
}

export const tlsClientHello: FuzzTarget = {
  name: "tls-client-hello",
  dictionary: [
    "\x16\x03\x01",
    "\x16\x03\x03\x00\x01",
    "\x01\x00\x00",
    "\x00\x00",
    "\x00\x10",
    "\x02h2\x08http/1.1",
    "example.com",
    "\x00",
    "\xff\xff",
  ],
  run(bytes) {
    const whole = read(bytes, Math.max(1, bytes.length));
    mustEqual(read(bytes, 1), whole, "byte by byte");
    mustEqual(read(bytes, 7), whole, "in pieces");
  },
};
