import { decodeCertificateRequest, encodeCertificateResponse } from "../messages/certificate.ts";
import type { PeerIdentity } from "../server/peer-identity.ts";
import { XdsError } from "../xds-error.ts";
import type { IssueCertificate } from "./issue-certificate.ts";

/** Far above any real CSR, which is below 4 KiB. */
export const CSR_MAX_CHARS = 64 * 1024;

export interface CallerCredentials {
  readonly bearer: string | undefined;
  /** The verified identity, why there is none, or neither when no certificate was shown. */
  readonly peer: PeerIdentity | undefined;
  readonly peerProblem: XdsError | undefined;
}

/** Answers one CreateCertificate call. A token counts even beside an expired certificate. Rejects with XdsError. */
export async function answerCertificateCall(
  bytes: Uint8Array,
  { bearer, peer, peerProblem }: CallerCredentials,
  issue: IssueCertificate,
): Promise<Uint8Array> {
  const { csrPem, validitySeconds } = decodeCertificateRequest(bytes);
  if (csrPem.length > CSR_MAX_CHARS)
    throw new XdsError(
      "too-large",
      `the certificate request has ${csrPem.length} characters, at most ${CSR_MAX_CHARS} are read`,
    );
  if (bearer === undefined && peer === undefined)
    throw (
      peerProblem ??
      new XdsError("unauthenticated", "neither a join token nor a client certificate was given")
    );
  const chain = await issue({
    csrPem,
    validitySeconds,
    ...(bearer === undefined ? {} : { bearer }),
    ...(peer === undefined ? {} : { peer }),
  });
  return encodeCertificateResponse(chain);
}
