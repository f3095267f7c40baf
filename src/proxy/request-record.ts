import { type ProxyFailureCode, proxyFailures } from "#core/errors/proxy-failures.ts";
import type { RequestHead } from "#http/exchange.ts";
import type { Downstream } from "./downstream.ts";
import { isGrpcContent } from "./grpc-reply.ts";
import type { Failure } from "./local-reply.ts";
import type { PolicyFacts } from "./policy/policy-facts.ts";
import type { ProxyRuntime } from "./proxy-runtime.ts";
import { FIELD } from "./request-edits.ts";
import type { ForwardPlan } from "./router/compiled-route.ts";
import {
  type AccessEntry,
  upstreamFragment,
  writeAccessLine,
} from "./telemetry/access-log-line.ts";
import { isTraceparent, RequestIds } from "./telemetry/random-ids.ts";
import type { RecordIds } from "./telemetry/record-ids.ts";
import type { RequestSeries } from "./telemetry/series.ts";
import type { Host } from "./upstream/host.ts";

const noUpstream = upstreamFragment(undefined, undefined);

/** What is known of one request: asked by policy and routing, written down once at its end. Used again for the next one. */
export class RequestRecord implements PolicyFacts, AccessEntry {
  readonly runtime: ProxyRuntime;
  head: RequestHead;
  downstream: Downstream;
  method = "";
  readonly scheme = "http";
  authority = "";
  path = "";
  /** The path is not as it was sent. */
  isPathChanged = false;
  query = "";
  recordNumber = 0;
  startedAtMs = 0;
  status = 0;
  flags = "-";
  details = "via_upstream";
  weftError: ProxyFailureCode | undefined;
  failureText: string | undefined;
  plan: ForwardPlan | undefined;
  routeName: string | undefined;
  host: Host | undefined;
  attempts = 0;
  connectionMs = -1;
  firstByteMs = -1;
  durationMs = 0;
  bytesReceived = 0;
  bytesSent = 0;
  readonly ids = new RequestIds();
  isGrpc = false;
  grpcStatus = "";

  constructor(runtime: ProxyRuntime, head: RequestHead, downstream: Downstream) {
    this.runtime = runtime;
    this.head = head;
    this.downstream = downstream;
  }

  /** Begins with the next request. The path is not normalised yet. */
  start(head: RequestHead, downstream: Downstream, startedAtMs: number): void {
    this.head = head;
    this.downstream = downstream;
    this.method = head.method;
    this.authority = lowerCase(downstream.authority ?? head.authority);
    const question = head.path.indexOf("?");
    this.path = question === -1 ? head.path : head.path.slice(0, question);
    this.query = question === -1 ? "" : head.path.slice(question + 1);
    this.recordNumber = this.runtime.records.next();
    this.startedAtMs = startedAtMs;
    this.status = 0;
    this.flags = "-";
    this.details = "via_upstream";
    this.weftError = undefined;
    this.failureText = undefined;
    this.plan = undefined;
    this.routeName = undefined;
    this.host = undefined;
    this.attempts = 0;
    this.connectionMs = -1;
    this.firstByteMs = -1;
    this.#makeIds();
    this.isGrpc = isGrpcContent(head.field(FIELD.contentType)) && head.upgrade === "";
    this.grpcStatus = "";
  }

  #makeIds(): void {
    const { head, runtime, ids } = this;
    ids.makesTraceparent = !hasTraceparent(head);
    ids.makesRequestId = !head.has(FIELD.requestId);
    if (ids.makesTraceparent || ids.makesRequestId)
      runtime.ids.renew(ids, runtime.random() < SAMPLED_SHARE);
  }

  header(name: string): string | undefined {
    return this.head.field(name);
  }

  get records(): RecordIds {
    return this.runtime.records;
  }

  get recordId(): string {
    return this.runtime.records.text(this.recordNumber);
  }

  get principal(): string | undefined {
    return this.downstream.principal;
  }

  get namespace(): string | undefined {
    return this.downstream.namespace;
  }

  get destinationPort(): number {
    const { config } = this.downstream.listener;
    return config.kind === "inbound" ? config.workloadPort : config.address.port;
  }

  get sourceIp(): string {
    return this.downstream.remoteIp;
  }

  get by(): string {
    return `${this.runtime.self.workload}/${this.downstream.listener.kind}`;
  }

  /** Since the first byte of the request. */
  elapsedMs(): number {
    return this.runtime.clock.monotonicMs() - this.startedAtMs;
  }

  get startedAtWallMs(): number {
    const { clock } = this.runtime;
    return clock.wallMs() - (clock.monotonicMs() - this.startedAtMs);
  }

  get requestTarget(): string {
    return this.head.path;
  }

  get protocol(): string {
    return this.head.protocol;
  }

  get upstreamFragment(): string {
    return this.host?.logFragment ?? noUpstream;
  }

  get downstreamFragment(): string {
    return this.downstream.logFragment;
  }

  /** Notes why this proxy answers itself, or why the answer broke off. */
  failed({ code, message }: Failure, details?: string): void {
    const facts = proxyFailures[code];
    if (this.status === 0) this.status = facts.status;
    this.weftError = code;
    this.failureText = message;
    this.flags = facts.flag;
    this.details = details ?? facts.details;
  }

  /** Writes everything down, once. `durationMs` is known. */
  writeDown(series: RequestSeries | undefined): void {
    series?.record(
      this.status,
      this.flags,
      this.isGrpc ? "grpc" : "http",
      this.grpcStatus,
      this.durationMs,
      this.bytesReceived,
      this.bytesSent,
    );
    const { accessLog } = this.runtime;
    if (accessLog === undefined) return;
    writeAccessLine(accessLog.beginLine(), this);
    accessLog.endLine();
  }
}

/** Whether it has one, and one only, that may be passed on. */
function hasTraceparent(head: RequestHead): boolean {
  const index = head.indexOf(FIELD.traceparent);
  if (index < 0 || head.indexOf(FIELD.traceparent, index + 1) >= 0) return false;
  return isTraceparent(head.bytes, head.valueStart(index), head.valueEnd(index));
}

/** Istio's default share of new traces that are sampled. */
const SAMPLED_SHARE = 0.01;

function lowerCase(authority: string): string {
  return UPPER_CASE.test(authority) ? authority.toLowerCase() : authority;
}

const UPPER_CASE = /[A-Z]/;
