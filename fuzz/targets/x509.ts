import { CaError } from "#ca/ca-error.ts";
import { readCsr } from "#ca/issuing/csr.ts";
import { decodeCertificate } from "#core/spiffe/certificate.ts";
import { encodePem } from "#core/spiffe/der/pem.ts";
import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import { readSpiffeId } from "#core/spiffe/spiffe-id.ts";
import { type FuzzTarget, mustEqual } from "../target.ts";

const DER_WORDS = [
  "\x30\x03\x02\x01\x00",
  "\x30\x80\x00\x00",
  "\x02\x01\x02",
  "\x06\x03\x55\x1d\x11",
  "\x03\x02\x07\x80",
  "\x17\x0d260101000000Z",
  "\x18\x0f20260101000000Z",
  "\x01\x01\xff",
  "\x86\x0bspiffe://a/",
  "\x82\x01\x00",
  "\x84\xff\xff\xff\xff",
];

/** A certificate or our error: what a stranger shows before anything of it is believed. */
export const certificate: FuzzTarget = {
  name: "certificate",
  dictionary: DER_WORDS,
  run(bytes) {
    try {
      const found = decodeCertificate(new Uint8Array(bytes));
      mustEqual(Buffer.from(found.der).toString("hex"), bytes.toString("hex"), "all of it");
    } catch (cause) {
      if (!(cause instanceof SpiffeError)) throw cause;
    }
  },
};

export const certificateRequest: FuzzTarget = {
  name: "certificate-request",
  dictionary: DER_WORDS,
  run(bytes) {
    for (const pem of [
      bytes.toString("latin1"),
      encodePem("CERTIFICATE REQUEST", new Uint8Array(bytes)),
    ])
      try {
        readCsr(pem);
      } catch (cause) {
        if (!(cause instanceof CaError)) throw cause;
      }
  },
};

export const spiffeId: FuzzTarget = {
  name: "spiffe-id",
  dictionary: ["spiffe://", "/ns/", "/sa/", "..", "//", "%2f", "A", ":443", "@", "?", "#", "\0"],
  run(bytes) {
    const text = bytes.toString("utf8");
    try {
      const id = readSpiffeId(text);
      mustEqual(id, text, "the same text");
      const url = new URL(id);
      mustEqual(
        `${url.username}${url.port}${url.search}${url.hash}`,
        "",
        "nothing but host and path",
      );
    } catch (cause) {
      if (!(cause instanceof SpiffeError)) throw cause;
    }
  },
};
