import { expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { localRequestHead } from "#wire/http1/local-head.ts";
import { decodeRequestHead, REQUEST_LIMITS } from "#wire/http1/request-head.ts";
import {
  type AccessEntry,
  accessLogLine,
  downstreamFragment,
  upstreamFragment,
} from "./access-log-line.ts";
import { RandomIds, RequestIds } from "./random-ids.ts";
import { RecordIds } from "./record-ids.ts";

const headOf = (fields: Readonly<Record<string, string>>) =>
  localRequestHead({
    method: "POST",
    target: "/",
    fields: [["host", "payments:9090"], ...Object.entries(fields)],
  });

const entry: AccessEntry = {
  records: new RecordIds(() => 0),
  recordNumber: 43,
  startedAtWallMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  method: "POST",
  requestTarget: "/charge?a=1",
  protocol: "HTTP/1.1",
  authority: "payments:9090",
  head: headOf({ "user-agent": 'curl "x"\\\té', "x-request-id": "id" }),
  ids: undefined,
  routeName: "default",
  status: 200,
  flags: "-",
  details: "via_upstream",
  weftError: undefined,
  failureText: undefined,
  bytesReceived: 1,
  bytesSent: 2,
  durationMs: 1.23456,
  connectionMs: -1,
  firstByteMs: 1,
  attempts: 1,
  upstreamFragment: upstreamFragment("10.0.0.1:80", "outbound|80||a"),
  downstreamFragment: downstreamFragment({
    local: "127.0.0.1:1",
    remote: "127.0.0.1:2",
    serverName: "",
    peer: "spiffe://a/ns/b/sa/c",
    direction: "inbound",
  }),
};

test("a line is one JSON object with Istio's keys, whatever the caller sent", () => {
  const line = accessLogLine(entry);
  expect(line.indexOf("\n")).toBe(line.length - 1);
  expect(line).toMatch(/^[\x20-\x7e]+\n$/);
  const parsed = JSON.parse(line);
  expect(parsed).toMatchObject({
    start_time: "2026-01-02T03:04:05.006Z",
    path: "/charge?a=1",
    user_agent: entry.head?.field("user-agent"),
    duration: 1,
    duration_us: 1235,
    upstream_host: "10.0.0.1:80",
    peer: "spiffe://a/ns/b/sa/c",
    record_id: "0000000-17",
  });
  for (const key of [
    "route_name",
    "method",
    "protocol",
    "response_code",
    "response_flags",
    "response_code_details",
    "bytes_received",
    "bytes_sent",
    "upstream_service_time",
    "request_id",
    "authority",
    "upstream_cluster",
    "downstream_local_address",
    "downstream_remote_address",
  ])
    expect(parsed).toHaveProperty(key);
});

test("whatever a path holds, it is told as it was sent", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary-ascii" })), (paths) => {
      for (const requestTarget of [...paths, "/\u00e9\u00ff", '/"\\']) {
        const line = accessLogLine({ ...entry, requestTarget });
        expect(line).toMatch(/^[\x20-\x7e]+\n$/);
        expect(JSON.parse(line)).toMatchObject({ path: requestTarget, bytes_received: 1 });
      }
    }),
  );
});

test("a line tells of its own request, whatever the one before was", () => {
  const outcomes = fc.record({
    method: fc.constantFrom("GET", "POST"),
    protocol: fc.constantFrom("HTTP/1.1", "HTTP/2"),
    status: fc.constantFrom(0, 200, 503),
    flags: fc.constantFrom("-", "UF,URX"),
    details: fc.constantFrom("via_upstream", "route_not_found"),
    routeName: fc.constantFrom(undefined, "default", "a"),
    authority: fc.constantFrom("", "a:80", "b:80"),
    bytesReceived: fc.constantFrom(0, 1, 70_000),
    attempts: fc.constantFrom(0, 1, 2, 12),
  });
  fc.assert(
    fc.property(fc.array(outcomes, { minLength: 2 }), (entries) => {
      for (const told of entries)
        expect(JSON.parse(accessLogLine({ ...entry, ...told }))).toMatchObject({
          method: told.method,
          protocol: told.protocol,
          response_code: told.status,
          response_flags: told.flags,
          response_code_details: told.details,
          ...(told.routeName === undefined ? {} : { route_name: told.routeName }),
          authority: told.authority,
          bytes_received: told.bytesReceived,
          attempts: told.attempts,
        });
    }),
  );
});

test("what is absent is left out", () => {
  const line = accessLogLine({
    ...entry,
    routeName: undefined,
    head: headOf({}),
    firstByteMs: -1,
    upstreamFragment: upstreamFragment(undefined, undefined),
  });
  expect(line).not.toContain("null");
  const keys = Object.keys(JSON.parse(line));
  for (const key of [
    "route_name",
    "user_agent",
    "x_forwarded_for",
    "upstream_service_time",
    "upstream_host",
    "upstream_cluster",
    "requested_server_name",
    "upstream_transport_failure_reason",
    "weft_error",
    "request_id",
    "traceparent",
    "connection_wait",
  ])
    expect(keys).not.toContain(key);
});

test("what went wrong is said", () => {
  const line = accessLogLine({ ...entry, weftError: "no-route", failureText: "no\nroute" });
  expect(JSON.parse(line)).toMatchObject({
    upstream_transport_failure_reason: "no\nroute",
    weft_error: "no-route",
  });
});

test("fields that came twice are told as one", () => {
  const { bytes } = headOf({ "X-Forwarded-For": "10.0.0.1" });
  const twice = bytes.toString("latin1").replace("\r\n\r\n", '\r\nx-forwarded-for: b"\r\n\r\n');
  const head = decodeRequestHead(Buffer.from(twice, "latin1"), 0, twice.length, REQUEST_LIMITS);
  const line = accessLogLine({ ...entry, head });
  expect(JSON.parse(line)).toMatchObject({ x_forwarded_for: '10.0.0.1,b"' });
});

test("ids that were made here stand for what the caller sent", () => {
  const ids = new RequestIds();
  new RandomIds((bytes) => crypto.getRandomValues(bytes)).renew(ids, true);
  const head = headOf({ "x-request-id": "mine", traceparent: "bad" });
  const sent = JSON.parse(accessLogLine({ ...entry, head, ids }));
  expect(sent).toMatchObject({ request_id: "mine", traceparent: "bad" });
  ids.makesRequestId = true;
  ids.makesTraceparent = true;
  const made = JSON.parse(accessLogLine({ ...entry, head, ids }));
  expect(made.request_id).toMatch(/^[0-9a-f-]{36}$/);
  expect(made.traceparent).toEndWith("-01");
});
