import {
  accessLogLine,
  downstreamFragment,
  upstreamFragment,
} from "#proxy/telemetry/access-log-line.ts";
import { RecordIds } from "#proxy/telemetry/record-ids.ts";
import { localRequestHead } from "#wire/http1/local-head.ts";

/** What each key says, Istio's keys first. They are held against those of a real line. */
const meanings: Readonly<Record<string, string>> = {
  start_time: "when the request's first byte came, in UTC",
  route_name: "the route that was taken: its `name`, or `default`; `allow_any` outside the mesh",
  method: '`""` for a connection whose content is not HTTP',
  path: "path and query as the caller sent them, before normalisation",
  protocol: "`HTTP/1.1`, `HTTP/1.0`, or `TCP` for a connection whose content is not HTTP",
  response_code: "status; 0 when the caller left before there was one, and for `TCP`",
  response_flags: "Envoy's flags; `-` when all went well. [errors.md](errors.md) has them by error",
  response_code_details:
    "`via_upstream`: the answer is the application's own. Else why this proxy answered; for a policy, which rule",
  bytes_received: "of the request's body",
  bytes_sent: "of the answer's body",
  duration: "milliseconds from the first byte in to the last byte out",
  upstream_service_time: "milliseconds until the answer's head came",
  x_forwarded_for: "as the caller sent it",
  user_agent: "as the caller sent it",
  request_id:
    "`x-request-id`, made here when the caller sent none: the same in every proxy of one request",
  authority: "host and port that were asked for, in lower case",
  upstream_host: "address that the request was sent to",
  upstream_cluster: "`outbound|<port>|<subset>|<host>`, `inbound|<port>||` or `PassthroughCluster`",
  downstream_local_address: "address of this proxy that the caller reached",
  downstream_remote_address: "address of the caller",
  requested_server_name: "server name (SNI) of the TLS connection",
  peer: "SPIFFE ID that the caller's certificate proved; absent on plaintext",
  direction: "`inbound`: to the application; `outbound`: from it",
  upstream_transport_failure_reason: "what failed, in words: the text that the caller read",
  weft_error: "code in [errors.md](errors.md), when this proxy made the answer or the caller left",
  record_id: "the `id` of `weft-error`: leads from an answer to this line",
  traceparent: "W3C trace context, made here when the caller sent none",
  connection_wait: "milliseconds until there was a connection to the upstream",
  duration_us: "`duration` in microseconds",
  attempts: "how often the request was sent; more than 1 after retries",
};

/** The text of `docs/reference/access-log.md`. Throws when a key has no meaning here, or a meaning no key. */
export function accessLogPage(): string {
  const keys = Object.keys(JSON.parse(sampleLine()) as object);
  const written = Object.keys(meanings);
  const strangers = written.filter((key) => !keys.includes(key));
  if (strangers.length > 0) throw new Error(`no such key: ${strangers.join(", ")}`);
  const silent = keys.filter((key) => !written.includes(key));
  if (silent.length > 0) throw new Error(`no meaning is given of ${silent.join(", ")}`);
  return [
    "# Access log",
    "",
    "Generated from `src/proxy/telemetry/access-log-line.ts` by `scripts/generate-access-log.ts`; do not edit.",
    "",
    "Each proxy writes one line of JSON per request, and one per connection whose content is not HTTP, into `access.log` in its",
    "state directory, `<data directory>/proxies/<namespace>/<instance>/`. Keys that Istio's JSON format has are named as there, and its",
    "times are whole milliseconds; what is absent is left out. Nothing rotates it: move the file away and send the proxy process SIGHUP.",
    "",
    "| key | what it says |",
    "|---|---|",
    ...Object.entries(meanings).map(
      ([key, meaning]) => `| \`${key}\` | ${meaning.replaceAll("|", "\\|")} |`,
    ),
    "",
  ].join("\n");
}

function sampleLine(): string {
  return accessLogLine({
    records: new RecordIds(() => 0),
    recordNumber: 1,
    startedAtWallMs: 0,
    method: "GET",
    requestTarget: "/",
    protocol: "HTTP/1.1",
    authority: "payments:9090",
    head: localRequestHead({
      method: "GET",
      target: "/",
      fields: [
        ["host", "payments:9090"],
        ["user-agent", "curl"],
        ["x-forwarded-for", "10.0.0.1"],
        ["x-request-id", "id"],
        ["traceparent", "00-"],
      ],
    }),
    ids: undefined,
    routeName: "default",
    status: 200,
    flags: "-",
    details: "via_upstream",
    weftError: "no-route",
    failureText: "words",
    bytesReceived: 0,
    bytesSent: 0,
    durationMs: 0,
    connectionMs: 0,
    firstByteMs: 0,
    attempts: 1,
    upstreamFragment: upstreamFragment("10.0.0.2:80", "outbound|80||payments"),
    downstreamFragment: downstreamFragment({
      local: "",
      remote: "",
      serverName: "payments",
      peer: "spiffe://cluster.local/ns/shop/sa/web",
      direction: "inbound",
    }),
  });
}

if (import.meta.main) await Bun.write("docs/reference/access-log.md", accessLogPage());
