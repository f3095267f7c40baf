import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { SpiffeError } from "../spiffe-error.ts";
import { DerReader, TAG } from "./der-reader.ts";
import { decodeTime, encodeTime } from "./der-time.ts";
import { der, derBoolean, derOid, derSmallInteger, derUnsigned } from "./der-writer.ts";
import { certificatesOfPem, decodePem, encodePem } from "./pem.ts";

const isRefused = (...octets: number[]) => {
  const reader = new DerReader(Uint8Array.from(octets));
  const read = { 1: "boolean", 2: "integer", 3: "octetAlignedBits", 6: "oid" } as const;
  try {
    const method = read[(octets[0] ?? 0) as keyof typeof read];
    if (method) reader[method]();
    else reader.element();
    reader.end();
    return false;
  } catch (error) {
    if (error instanceof SpiffeError) return error.code === "malformed-certificate";
    throw error;
  }
};

describe("the DER reader", () => {
  test("reads back what the writer writes, at every length form", () => {
    for (const size of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
      const content = new Uint8Array(size).fill(7);
      const element = new DerReader(der(TAG.octetString, content)).element();
      expect(element.content).toEqual(content);
    }
    fc.assert(
      fc.property(fc.nat(0x7fff_ffff), (value) => {
        expect(new DerReader(derSmallInteger(value)).smallInteger()).toBe(value);
      }),
    );
    const arcs = fc.array(fc.nat(0x7fff_ffff), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.nat(2), fc.nat(39), arcs, (root, second, rest) => {
        const oid = [root, second, ...rest].join(".");
        expect(new DerReader(derOid(oid)).oid()).toBe(oid);
      }),
    );
    for (const value of [true, false])
      expect(new DerReader(derBoolean(value)).boolean()).toBe(value);
    expect(derUnsigned(Uint8Array.of(0, 0))).toEqual(Uint8Array.of(2, 1, 0));
    expect(derUnsigned(Uint8Array.of(0, 0x80))).toEqual(Uint8Array.of(2, 2, 0, 0x80));
  });

  test("refuses every form that DER forbids", () => {
    expect(isRefused(0x30, 0x80, 0, 0)).toBe(true); // indefinite length
    expect(isRefused(0x04, 0x81, 0x01, 0)).toBe(true); // long form for a short length
    expect(isRefused(0x04, 0x82, 0x00, 0x80, ...new Uint8Array(128))).toBe(true); // leading zero
    expect(isRefused(0x04, 0x85, 0, 0, 0, 0, 1, 0)).toBe(true); // length of lengths over four
    expect(isRefused(0x04, 0xff)).toBe(true);
    expect(isRefused(0x1f, 0x81, 0x01, 0)).toBe(true); // tag over 30
    expect(isRefused(0x04, 2, 0)).toBe(true); // past the end
    expect(isRefused(0x04, 0, 0)).toBe(true); // octets left over
    expect(isRefused(0x01, 1, 1)).toBe(true); // true is 0xff
    expect(isRefused(0x02, 0)).toBe(true);
    expect(isRefused(0x02, 2, 0, 1)).toBe(true); // padded integers
    expect(isRefused(0x02, 2, 0xff, 0x80)).toBe(true);
    expect(isRefused(0x03, 2, 1, 0)).toBe(true); // unused bits
    expect(isRefused(0x06, 0)).toBe(true);
    expect(isRefused(0x06, 2, 0x2a, 0x80)).toBe(true); // arc cut short
    expect(isRefused(0x06, 3, 0x2a, 0x80, 0x01)).toBe(true); // padded arc
    expect(isRefused(0x06, 9, 0x2a, ...new Uint8Array(7).fill(0xff), 0x7f)).toBe(true); // arc too large
  });
});

describe("times", () => {
  test("are read back to the second, on both sides of 2050", () => {
    fc.assert(
      fc.property(fc.integer({ min: -631_152_000, max: 253_402_300_799 }), (seconds) => {
        expect(decodeTime(new DerReader(encodeTime(seconds * 1000)))).toBe(seconds * 1000);
      }),
    );
  });

  test("of another form, or that are no date, are refused", () => {
    const text = (tag: number, value: string) => () =>
      decodeTime(new DerReader(der(tag, new TextEncoder().encode(value))));
    for (const bad of [
      "2601010000Z",
      "260101000000+0100",
      "261301000000Z",
      "260230000000Z",
      "26010100000 Z",
    ])
      expect(text(TAG.utcTime, bad)).toThrow(SpiffeError);
    for (const bad of ["20260101000000Z", "20500101000000.5Z", "20501301000000Z", "2050010100000"])
      expect(text(TAG.generalizedTime, bad)).toThrow(SpiffeError);
    expect(text(TAG.octetString, "260101000000Z")).toThrow(SpiffeError);
  });
});

describe("PEM", () => {
  test("is read back as it was written, with text around it and either line end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (octets) => {
        const pem = encodePem("CERTIFICATE", octets);
        expect(decodePem(`words\n${pem}${pem.replaceAll("\n", "\r\n")}`)).toEqual([
          { label: "CERTIFICATE", der: octets },
          { label: "CERTIFICATE", der: octets },
        ]);
      }),
    );
  });

  test("that is cut, has other characters, or holds something else is refused", () => {
    const pem = encodePem("CERTIFICATE", new Uint8Array(100));
    expect(() => decodePem(pem.slice(0, -10))).toThrow(SpiffeError);
    expect(() => decodePem(pem.replace("AAAA", "AA*A"))).toThrow(SpiffeError);
    expect(() => decodePem(pem.replace("AAAA", "AAA"))).toThrow(SpiffeError);
    expect(() => certificatesOfPem(encodePem("PRIVATE KEY", new Uint8Array(9)))).toThrow(
      SpiffeError,
    );
    expect(() => decodePem(" ".repeat(1024 * 1024 + 1))).toThrow(SpiffeError);
  });
});
