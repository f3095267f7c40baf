import type { PeerCertificates } from "./peer-certificates.ts";

/** The same protocol and cipher in every arm (the server's side names the curve too); no session is resumed. */
const TLS = "ssl-min-ver TLSv1.3 ciphersuites TLS_AES_128_GCM_SHA256";

const LOG_FIELDS = [
  `"start_time":"%[date,utime(%Y-%m-%dT%H:%M:%SZ)]"`,
  `"method":"%HM"`,
  `"path":"%HU"`,
  `"response_code":%ST`,
  `"bytes_sent":%B`,
  `"duration":%Ta`,
  `"upstream_host":"%si:%sp"`,
  `"downstream_remote_address":"%ci:%cp"`,
  `"flags":"%ts"`,
];

export type Hop =
  | { readonly kind: "plain" }
  /** Takes plaintext, speaks mutual TLS to the next proxy. */
  | { readonly kind: "client-side"; readonly certificates: PeerCertificates }
  /** Takes mutual TLS, hands plaintext to the backend. */
  | { readonly kind: "server-side"; readonly certificates: PeerCertificates };

export interface HopOptions {
  readonly hop: Hop;
  readonly listenPort: number;
  readonly upstreamPort: number;
  readonly logged: boolean;
}

/** One thread, keep-alive and pooled connections on both sides. */
export function haproxyConfiguration({
  hop,
  listenPort,
  upstreamPort,
  logged,
}: HopOptions): string {
  const format = `{${LOG_FIELDS.join(",")}}`.replaceAll(/["\\ ]/g, (found) => `\\${found}`);
  return `global
  nbthread 1
  maxconn 4096
${logged ? "  log stdout format raw local0" : ""}
  ssl-server-verify required
  tune.ssl.cachesize 0
defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout http-keep-alive 1h
${logged ? `  log global\n  log-format ${format}` : "  no log"}
frontend in
  bind 127.0.0.1:${listenPort}${bindTls(hop)}
  default_backend out
backend out
  server upstream 127.0.0.1:${upstreamPort}${serverTls(hop)}
`;
}

function bindTls(hop: Hop): string {
  if (hop.kind !== "server-side") return "";
  const { server, roots } = hop.certificates;
  return ` ssl crt ${server.both} ca-file ${roots} verify required alpn http/1.1 curves X25519 no-tls-tickets ${TLS}`;
}

function serverTls(hop: Hop): string {
  if (hop.kind !== "client-side") return "";
  const { client, server, roots } = hop.certificates;
  const peer = `verify required ca-file ${roots} verifyhost ${server.name} sni str(${server.name})`;
  return ` ssl crt ${client.both} ${peer} alpn http/1.1 no-ssl-reuse no-tls-tickets ${TLS}`;
}
