import { statSync } from "node:fs";
import { join } from "node:path";
import { dataDirectory } from "#control/data-directory.ts";
import type { ControlFacts } from "#control/debug-routes.ts";
import type { ApiClient } from "../api/api-client.ts";
import { type Category, type Finding, finding } from "./finding.ts";

const warnDays = 60;
const dayMs = 86_400_000;

/** The control plane itself; asked for its facts already, so it answers. */
export function checkControlPlane(api: ApiClient, facts: ControlFacts, version: string): Category {
  const { apiUrl, pid } = api.announcement;
  return {
    name: "weft-control-plane",
    findings: [
      finding("api-answers", `the API at ${apiUrl} answers (process ${pid})`, "error", []),
      finding(
        "same-version",
        "the control plane is of this version",
        "warning",
        facts.version === version
          ? []
          : [`it is ${facts.version}, this command is ${version}; restart it`],
      ),
    ],
  };
}

/** Roots, and who may read the keys. */
export function checkIdentity(facts: ControlFacts, dataDir: string, nowMs: number): Category {
  const leftDays = Math.floor((Date.parse(facts.rootExpiresAt) - nowMs) / dayMs);
  const problem = [`the CA's certificate ends on ${facts.rootExpiresAt}, in ${leftDays} days`];
  return {
    name: "weft-identity",
    findings: [
      finding(
        "ca-is-valid",
        "the CA's certificate is valid",
        "error",
        leftDays >= 0 ? [] : problem,
      ),
      finding(
        "ca-is-valid-long-enough",
        `the CA's certificate is valid for at least ${warnDays} days`,
        "warning",
        leftDays >= warnDays ? [] : problem,
      ),
      privateFiles(dataDir),
    ],
  };
}

function privateFiles(dataDir: string): Finding {
  const { path, kubeconfig, announcement, store, ca, tokens } = dataDirectory(dataDir);
  const secrets = [path, kubeconfig, announcement, store, ca, tokens, join(ca, "root-ca.pem")];
  const open = secrets.filter((file) => othersMayRead(file));
  const details = open.map((file) => `${file} is open to other users; chmod go= ${file}`);
  return finding(
    "keys-are-private",
    "keys and state are readable by their owner only",
    "error",
    details,
  );
}

function othersMayRead(path: string): boolean {
  try {
    return (statSync(path).mode & 0o077) !== 0;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return false; // given CA files live elsewhere
    throw cause;
  }
}
