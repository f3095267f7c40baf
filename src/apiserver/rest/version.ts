import { answer } from "../http/answer.ts";

/**
 * The Kubernetes version whose conventions this server follows. Clients choose their own behaviour, and some even
 * their own program, by it: 1.32 is the newest whose kubectl the conformance tests run.
 */
const VERSION = {
  major: "1",
  minor: "32",
  gitVersion: "v1.32.0+weft",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "none",
  compiler: "bun",
  platform: "linux/amd64",
};

export function answerVersion(): Response {
  return answer(VERSION);
}
