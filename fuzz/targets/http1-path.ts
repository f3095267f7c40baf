import { Http1Error } from "#wire/http1/http1-error.ts";
import { normalizePath, type PathNormalization } from "#wire/http1/path.ts";
import { type FuzzTarget, mustEqual } from "../target.ts";

const MODES: readonly PathNormalization[] = [
  "NONE",
  "BASE",
  "MERGE_SLASHES",
  "DECODE_AND_MERGE_SLASHES",
];

export const path: FuzzTarget = {
  name: "http1-path",
  dictionary: [
    "/",
    "//",
    ".",
    "..",
    "%2e",
    "%2F",
    "%5C",
    "\\",
    "%00",
    "%25",
    "?",
    "#",
    ";",
    "%",
    "%4",
  ],
  run: (bytes) => {
    const text = `/${bytes.toString("latin1")}`;
    for (const mode of MODES) {
      try {
        const once = normalizePath(text, mode);
        mustEqual(normalizePath(once, mode), once, `${mode} twice`);
      } catch (cause) {
        if (!(cause instanceof Http1Error)) throw cause;
      }
    }
  },
};
