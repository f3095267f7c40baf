import { asXdsError, XdsError } from "../xds-error.ts";
import { IstioCertificateRequest, IstioCertificateResponse } from "./generated/istio/v1/auth/ca.ts";

export interface CertificateRequest {
  readonly csrPem: string;
  readonly validitySeconds: number;
}

export function encodeCertificateRequest(request: CertificateRequest): Uint8Array {
  return IstioCertificateRequest.encode({
    csr: request.csrPem,
    validityDuration: request.validitySeconds,
    metadata: undefined,
  }).finish();
}

export function decodeCertificateRequest(bytes: Uint8Array): CertificateRequest {
  const { csr, validityDuration } = reading(() => IstioCertificateRequest.decode(bytes));
  return { csrPem: csr, validitySeconds: validityDuration };
}

/** PEM, leaf first. */
export function encodeCertificateResponse(chainPem: readonly string[]): Uint8Array {
  return IstioCertificateResponse.encode({ certChain: [...chainPem] }).finish();
}

export function decodeCertificateResponse(bytes: Uint8Array): readonly string[] {
  return reading(() => IstioCertificateResponse.decode(bytes)).certChain;
}

function reading<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const reason = asXdsError(cause).message;
    throw new XdsError("malformed", `a certificate message that cannot be read: ${reason}`, cause);
  }
}
