import { callUnary } from "../client/grpc-call.ts";
import type { ConnectHttp2 } from "../client/http2-session.ts";
import { CERTIFICATE_PATH } from "../grpc-paths.ts";
import {
  type CertificateRequest,
  decodeCertificateResponse,
  encodeCertificateRequest,
} from "../messages/certificate.ts";
import type { Timers } from "../stream/timers.ts";
import { XdsError } from "../xds-error.ts";

export interface CertificateCall extends CertificateRequest {
  /** With the current certificate, or without one and with `bearer`. */
  readonly connect: ConnectHttp2;
  /** Join token. Sent only after the server has been verified. */
  readonly bearer?: string;
  readonly deadlineMs: number;
  readonly timers: Timers;
}

/** Resolves to PEM certificates, leaf first, root last. Rejects with XdsError, whose message is for the operator. */
export async function requestCertificate(call: CertificateCall): Promise<readonly string[]> {
  const { connect, bearer, deadlineMs, timers } = call;
  const abort = new AbortController();
  using _deadline = timers.after(deadlineMs, () => abort.abort());
  const session = await connect(abort.signal);
  try {
    const metadata = bearer === undefined ? [] : [["authorization", `Bearer ${bearer}`] as const];
    const path = CERTIFICATE_PATH;
    const options = { path, authority: "control-plane", metadata, deadlineMs, timers };
    const answer = await callUnary(session, options, encodeCertificateRequest(call));
    const chain = decodeCertificateResponse(answer);
    if (chain.length === 0)
      throw new XdsError("protocol", "the control plane answered without a certificate");
    return chain;
  } finally {
    session.close();
  }
}
