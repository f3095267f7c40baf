import { decodeCertificateRequest, decodeCertificateResponse } from "#xds/messages/certificate.ts";
import {
  decodeDeltaRequest,
  decodeDeltaResponse,
  decodeWholeRequest,
  encodeDeltaRequest,
} from "#xds/messages/discovery.ts";
import { decodeSecretRequest } from "#xds/messages/identity-secret.ts";
import { decodeMetricsMessage } from "#xds/messages/metrics.ts";
import { XdsError } from "#xds/xds-error.ts";
import { type FuzzTarget, mustEqual } from "../target.ts";

const DECODERS: readonly ((bytes: Buffer) => unknown)[] = [
  decodeDeltaResponse,
  decodeWholeRequest,
  decodeSecretRequest,
  decodeMetricsMessage,
  decodeCertificateRequest,
  decodeCertificateResponse,
];

function checkRequest(bytes: Buffer): void {
  const request = decodeDeltaRequest(bytes);
  const again = decodeDeltaRequest(encodeDeltaRequest(request));
  mustEqual(JSON.stringify(again), JSON.stringify(request), "sent again");
}

/** What proxies, Envoys and control planes say to each other: a value, or our error. */
export const xdsMessages: FuzzTarget = {
  name: "xds-messages",
  dictionary: [
    "\x0a\x04name",
    "\x12\x00",
    "\x1a\x02\x0a\x00",
    "\x22\x01x",
    "\x2a\xff\xff\xff\xff\x0f",
    "\x08\x96\x01",
    "\x0b",
    "\x0c",
    "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  ],
  run(bytes) {
    for (const decode of [...DECODERS, checkRequest])
      try {
        decode(bytes);
      } catch (cause) {
        if (!(cause instanceof XdsError)) throw cause;
      }
  },
};
