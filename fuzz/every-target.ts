import type { FuzzTarget } from "./target.ts";
import { firstBytes } from "./targets/first-bytes.ts";
import { grpcFrames } from "./targets/grpc-frames.ts";
import { hpack, huffman } from "./targets/hpack.ts";
import { chunkedBody } from "./targets/http1-body.ts";
import { requestHead, responseHead } from "./targets/http1-heads.ts";
import { path } from "./targets/http1-path.ts";
import { http2Frames } from "./targets/http2-frames.ts";
import { http2RequestHead, http2ResponseHead, http2Trailers } from "./targets/http2-heads.ts";
import { regularExpression } from "./targets/regular-expression.ts";
import { tlsClientHello } from "./targets/tls-client-hello.ts";
import { certificate, certificateRequest, spiffeId } from "./targets/x509.ts";
import { xdsMessages } from "./targets/xds-messages.ts";
import { xdsResources } from "./targets/xds-resources.ts";

/** One for each decoder of bytes that somebody else has written. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  requestHead,
  responseHead,
  chunkedBody,
  path,
  http2Frames,
  hpack,
  huffman,
  http2RequestHead,
  http2ResponseHead,
  http2Trailers,
  tlsClientHello,
  firstBytes,
  grpcFrames,
  xdsMessages,
  xdsResources,
  certificate,
  certificateRequest,
  spiffeId,
  regularExpression,
];
