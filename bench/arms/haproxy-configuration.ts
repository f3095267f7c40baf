import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type HopOptions, speaksHttp2Upstream } from "./hop.ts";
import { entriesOf, exactPath, hostName, prefixPath, type Setup } from "./setup.ts";

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
const TCP_LOG_FIELDS = [
  `"start_time":"%[date,utime(%Y-%m-%dT%H:%M:%SZ)]"`,
  `"bytes_sent":%B`,
  `"duration":%Tt`,
  `"downstream_remote_address":"%ci:%cp"`,
  `"flags":"%ts"`,
];

/** One thread, keep-alive and pooled connections on both sides. A table of routes is a map, as HAProxy's manual has it. */
export function haproxyConfiguration(options: HopOptions): string {
  const { setup, listenPort, upstreamPort, logged } = options;
  const isTcp = setup.kind === "tcp";
  const fields = isTcp ? TCP_LOG_FIELDS : LOG_FIELDS;
  const format = `{${fields.join(",")}}`.replaceAll(/["\\ ]/g, (found) => `\\${found}`);
  return `global
  nbthread 1
  maxconn 8192
${logged ? "  log stdout format raw local0" : ""}
  ssl-server-verify required
  tune.ssl.cachesize 0
defaults
  mode ${isTcp ? "tcp" : "http"}
${isTcp ? "" : "  option http-keep-alive\n  http-reuse always"}
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout http-keep-alive 1h
${logged ? `  log global\n  log-format ${format}` : "  no log"}
frontend in
  bind 127.0.0.1:${listenPort}${bindTls(options)}
${choice(options)}
backend out
  server upstream 127.0.0.1:${upstreamPort}${serverTls(options)}
`;
}

/** Without an entry in the table there is no backend, and so a 503. */
function choice({ setup, folder }: HopOptions): string {
  const entries = entriesOf(setup);
  if (entries.length === 0) return "  default_backend out";
  const file = join(folder, "table.map");
  writeFileSync(file, entries.map((index) => `${keyOf(setup, index)} out\n`).join(""));
  return `  use_backend %[${lookup(setup)}(${file})]`;
}

function keyOf(setup: Setup, index: number): string {
  if (setup.kind !== "routes") return hostName(index);
  return setup.match === "exact" ? exactPath(index) : prefixPath(index);
}

function lookup(setup: Setup): string {
  if (setup.kind !== "routes") return "req.hdr(host),lower,map_str";
  return setup.match === "exact" ? "path,map_str" : "path,map_beg";
}

function bindTls({ hop, setup, between }: HopOptions): string {
  if (hop.kind !== "server-side") return "";
  const { server, roots } = hop.certificates;
  const alpn = setup.kind === "tcp" ? "" : ` alpn ${between}`;
  return ` ssl crt ${server.both} ca-file ${roots} verify required${alpn} curves X25519 no-tls-tickets ${TLS}`;
}

function serverTls(options: HopOptions): string {
  const protocol = speaksHttp2Upstream(options) ? " proto h2" : "";
  if (options.hop.kind !== "client-side") return protocol;
  const { client, server, roots } = options.hop.certificates;
  const peer = `verify required ca-file ${roots} verifyhost ${server.name} sni str(${server.name})`;
  const alpn = options.setup.kind === "tcp" ? "" : ` alpn ${options.between}`;
  return ` ssl crt ${client.both} ${peer}${alpn} no-ssl-reuse no-tls-tickets ${TLS}`;
}
