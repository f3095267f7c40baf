import { identityOf } from "../identity.ts";
import type { Resource } from "../resource.ts";
import { readSelector } from "../schema/selector.ts";
import type { MutualTlsMode, PeerAuthentication } from "./peer-authentication.ts";
import type { PeerAuthenticationSpec } from "./schema.ts";

const modes = {
  UNSET: "unset",
  DISABLE: "disable",
  PERMISSIVE: "permissive",
  STRICT: "strict",
} as const;

export function readPeerAuthentication(resource: Resource): PeerAuthentication {
  const spec = (resource.spec ?? {}) as PeerAuthenticationSpec;
  const selector = readSelector(spec.selector);
  return {
    object: identityOf(resource),
    ...(selector === undefined ? {} : { selector }),
    mode: readMode(spec.mtls),
    portLevel: Object.entries(spec.portLevelMtls ?? {}).map(([port, mtls]) => ({
      port: Number(port),
      mode: readMode(mtls),
    })),
  };
}

function readMode(mtls: PeerAuthenticationSpec["mtls"]): MutualTlsMode {
  return modes[mtls?.mode ?? "UNSET"];
}
