import { classify } from "#proxy/detection/classify.ts";
import { httpVersionOf } from "#proxy/detection/http-version.ts";
import { type FuzzTarget, mustEqual } from "../target.ts";

/** What was said of a beginning is said of everything that begins so. */
function checkVerdicts(bytes: Buffer, verdictOf: (bytes: Buffer) => string, what: string): void {
  const whole = verdictOf(bytes);
  for (let length = 0; length < bytes.length; length++) {
    const early = verdictOf(bytes.subarray(0, length));
    if (early !== "undecided") mustEqual(early, whole, `${what} of ${length} bytes`);
  }
}

export const firstBytes: FuzzTarget = {
  name: "first-bytes",
  dictionary: [
    "GET ",
    "CONNECT ",
    "/",
    "*",
    "http://",
    " HTTP/1.1\r\n",
    " HTTP/2.0\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\x16\x03\x01",
    " ",
    ":",
    "\r\n",
    "\x7f",
  ],
  run(bytes) {
    // Short enough for looking at every beginning.
    const start = bytes.subarray(0, 128);
    checkVerdicts(start, classify, "the protocol");
    checkVerdicts(start, httpVersionOf, "the version");
  },
};
