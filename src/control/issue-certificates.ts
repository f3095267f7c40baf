import { CaError } from "#ca/ca-error.ts";
import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import type { IssueCertificate } from "#xds/ca/issue-certificate.ts";
import { XdsError, type XdsErrorCode } from "#xds/xds-error.ts";
import type { MeshIdentity } from "./mesh-identity.ts";

const codeOf: Readonly<Record<CaError["facts"]["status"], XdsErrorCode>> = {
  UNAUTHENTICATED: "unauthenticated",
  PERMISSION_DENIED: "permission-denied",
  INVALID_ARGUMENT: "invalid",
  RESOURCE_EXHAUSTED: "resource-exhausted",
  UNAVAILABLE: "unavailable",
  INTERNAL: "internal",
};

/** The CA behind the CreateCertificate call: its refusals in the words of the wire. */
export function issueCertificates(identity: Pick<MeshIdentity, "sign">): IssueCertificate {
  return async ({ csrPem, validitySeconds, bearer, peer }) => {
    try {
      return await identity.sign({
        csrPem,
        ...(validitySeconds === 0 ? {} : { validitySeconds }),
        ...(bearer === undefined ? {} : { bearer }),
        ...(peer === undefined ? {} : { peer }),
      });
    } catch (cause) {
      if (cause instanceof CaError)
        throw new XdsError(codeOf[cause.facts.status], cause.message, cause);
      if (cause instanceof SpiffeError) throw new XdsError("invalid", cause.message, cause);
      throw cause;
    }
  };
}
