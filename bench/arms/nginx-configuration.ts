import type { HopOptions } from "./hop.ts";
import { nginxPreamble } from "./nginx-preamble.ts";

const LOG_FIELDS = [
  `"start_time":"$time_iso8601"`,
  `"method":"$request_method"`,
  `"path":"$request_uri"`,
  `"response_code":$status`,
  `"bytes_sent":$bytes_sent`,
  `"duration":$request_time`,
  `"upstream_host":"$upstream_addr"`,
  `"downstream_remote_address":"$remote_addr:$remote_port"`,
];

/** One worker, keep-alive and pooled connections on both sides; the log is written in blocks, as Weft's is. */
export function nginxConfiguration(options: HopOptions): string {
  const { folder, upstreamPort, logged } = options;
  const preamble = nginxPreamble(folder);
  return `${preamble.main}
worker_processes 1;
http {
${preamble.http}
  log_format json escape=json '{${LOG_FIELDS.join(",")}}';
  access_log ${logged ? `${folder}/access.log json buffer=64k flush=1s` : "off"};
  upstream next {
    server 127.0.0.1:${upstreamPort};
    keepalive 128;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
  }
  server {
${listeners(options)}
    http2_max_concurrent_streams 1000;
    location / {
${upstream(options)}
    }
  }
}
`;
}

/** This version takes HTTP/2 without TLS only on a port of its own. */
function listeners({ hop, setup, listenPort, http2Port }: HopOptions): string {
  if (setup.kind === "grpc") return `    listen 127.0.0.1:${listenPort} http2;`;
  if (hop.kind === "plain")
    return `    listen 127.0.0.1:${listenPort};\n    listen 127.0.0.1:${http2Port} http2;`;
  if (hop.kind === "client-side") return `    listen 127.0.0.1:${listenPort};`;
  const { server, roots } = hop.certificates;
  return `    listen 127.0.0.1:${listenPort} ssl;
    ssl_certificate ${server.certificate};
    ssl_certificate_key ${server.key};
    ssl_client_certificate ${roots};
    ssl_verify_client on;
    ssl_protocols TLSv1.3;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    ssl_ecdh_curve X25519;
    ssl_session_tickets off;
    ssl_session_cache off;`;
}

function upstream({ hop, setup }: HopOptions): string {
  if (setup.kind === "grpc") return "      grpc_pass grpc://next;";
  const http = `      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_read_timeout 1h;`;
  if (hop.kind !== "client-side") return `      proxy_pass http://next;\n${http}`;
  const { client, server, roots } = hop.certificates;
  return `      proxy_pass https://next;
${http}
      proxy_ssl_certificate ${client.certificate};
      proxy_ssl_certificate_key ${client.key};
      proxy_ssl_trusted_certificate ${roots};
      proxy_ssl_verify on;
      proxy_ssl_verify_depth 2;
      proxy_ssl_name ${server.name};
      proxy_ssl_server_name on;
      proxy_ssl_protocols TLSv1.3;
      proxy_ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
      proxy_ssl_session_reuse off;`;
}
