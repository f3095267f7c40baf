import { normalizePath, type PathNormalization } from "#proxy/router/normalize-path.ts";
import { type FuzzTarget, mustEqual } from "../target.ts";

const MODES: readonly PathNormalization[] = [
  "none",
  "base",
  "merge-slashes",
  "decode-and-merge-slashes",
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
      const once = normalizePath(text, mode);
      if (once !== undefined)
        mustEqual(normalizePath(once, mode) ?? "refused", once, `${mode} twice`);
    }
  },
};
