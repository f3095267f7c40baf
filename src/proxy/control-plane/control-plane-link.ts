import type { Clock } from "#core/clock.ts";
import { callUnary } from "#xds/client/grpc-call.ts";
import type { ConnectHttp2 } from "#xds/client/http2-session.ts";
import { CERTIFICATE_PATH } from "#xds/grpc-paths.ts";
import { decodeCertificateResponse, encodeCertificateRequest } from "#xds/messages/certificate.ts";
import { systemTimers } from "#xds/stream/timers.ts";
import type { ControlPlaneAddress } from "../bootstrap.ts";
import type { HeldIdentity } from "../identity/held-identity.ts";
import type { RequestCertificate } from "../identity/identity-store.ts";
import { tlsContextOf } from "../identity/tls-material.ts";
import { http2Connector } from "./http2-connector.ts";
import { verifyControlPlane } from "./verify-server.ts";

export interface ControlPlaneLinkOptions {
  readonly controlPlane: ControlPlaneAddress;
  /** Proves who asks for the first certificate. */
  readonly token: string | undefined;
  /** The roots that are trusted besides those of the bootstrap: a rotated root must not lock the proxy out. PEM. */
  readonly moreRoots: () => readonly string[];
  readonly clock: Clock;
}

const CONNECT_TIMEOUT_MS = 5_000;
const CALL_TIMEOUT_MS = 10_000;
/** Asked for; the CA decides. */
const VALIDITY_SECONDS = 24 * 3600;

/** How this proxy reaches its control plane, with the certificate of now or none. */
export function connectorTo(
  { controlPlane, moreRoots, clock }: ControlPlaneLinkOptions,
  identity: () => HeldIdentity | undefined,
): ConnectHttp2 {
  return http2Connector(() => {
    const rootsPem = [controlPlane.roots, ...moreRoots()].join("\n");
    const { serverName, address } = controlPlane;
    return {
      host: address.host,
      port: address.port,
      context: tlsContextOf(identity()),
      verifyServer: (chainDer) =>
        verifyControlPlane(chainDer, { rootsPem, serverName }, clock.wallMs()),
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
    };
  });
}

/** Istio's `CreateCertificate`, proved by the certificate of now, else by the join token. Rejects with XdsError. */
export function certificateRequester(options: ControlPlaneLinkOptions): RequestCertificate {
  return async (csrPem, current) => {
    const session = await connectorTo(
      options,
      () => current,
    )(AbortSignal.timeout(CONNECT_TIMEOUT_MS));
    try {
      const { token } = options;
      const bearer = current === undefined && token !== undefined ? token : undefined;
      const response = await callUnary(
        session,
        {
          path: CERTIFICATE_PATH,
          authority: "control-plane",
          metadata: bearer === undefined ? [] : [["authorization", `Bearer ${bearer}`]],
          deadlineMs: CALL_TIMEOUT_MS,
          timers: systemTimers,
        },
        encodeCertificateRequest({ csrPem, validitySeconds: VALIDITY_SECONDS }),
      );
      return decodeCertificateResponse(response);
    } finally {
      session.close();
    }
  };
}
