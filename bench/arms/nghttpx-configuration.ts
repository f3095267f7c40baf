import { type HopOptions, speaksHttp2Upstream } from "./hop.ts";

const LOG_FORMAT =
  '{"start_time":"$time_iso8601","request":"$request","response_code":$status,"bytes_sent":$body_bytes_sent,' +
  '"duration":$request_time,"upstream_host":"$backend_host:$backend_port","downstream_remote_address":"$remote_addr:$remote_port"}';

/** One thread in one process. Between two of them goes HTTP/2, which is what nghttpx is for. */
export function nghttpxConfiguration(options: HopOptions): string {
  const { hop, listenPort, upstreamPort, folder } = options;
  const takesTls = hop.kind === "server-side";
  const speaksTls = hop.kind === "client-side";
  const backend = [
    speaksHttp2Upstream(options) ? "proto=h2" : "proto=http/1.1",
    ...(speaksTls ? ["tls", `sni=${hop.certificates.server.name}`] : []),
  ].join(";");
  return `frontend=127.0.0.1,${listenPort}${takesTls ? "" : ";no-tls"}
backend=127.0.0.1,${upstreamPort};;${backend}
workers=1
single-process=yes
single-thread=yes
no-via=yes
no-server-rewrite=yes
pid-file=${folder}/nghttpx.pid
errorlog-file=/dev/stderr
accesslog-file=${folder}/access.log
accesslog-format=${LOG_FORMAT}
frontend-http2-max-concurrent-streams=1000
frontend-keep-alive-timeout=1h
frontend-read-timeout=1h
frontend-http2-read-timeout=1h
backend-read-timeout=1h
backend-keep-alive-timeout=1h
tls-min-proto-version=TLSv1.3
tls-max-proto-version=TLSv1.3
tls13-ciphers=TLS_AES_128_GCM_SHA256
tls13-client-ciphers=TLS_AES_128_GCM_SHA256
${tls(options)}`;
}

function tls({ hop }: HopOptions): string {
  if (hop.kind === "plain") return "";
  const { client, server, roots } = hop.certificates;
  if (hop.kind === "client-side")
    return `client-cert-file=${client.certificate}
client-private-key-file=${client.key}
cacert=${roots}
`;
  return `private-key-file=${server.key}
certificate-file=${server.certificate}
verify-client=yes
verify-client-cacert=${roots}
ecdh-curves=X25519
`;
}
