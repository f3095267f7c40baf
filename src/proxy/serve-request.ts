// The life of a request. Callbacks and one record per request that is used again: no promise and no closure on this path.
//
//   begin ──► decide (policy, plan) ──► reply                       denied, no route, redirect, fixed answer
//                  │
//                  ▼
//               tries (request-tries.ts) ──► answer ──► respond ──► end ──► record, once
//                  └──► none is left ──► reply or abort

import { proxyFailures } from "#core/errors/proxy-failures.ts";
import type {
  FieldView,
  LocalReply,
  PeerError,
  ResponseHead,
  ServerExchange,
  ServerExchangeEvents,
} from "#http/exchange.ts";
import { Deadline } from "#http/timer-wheel.ts";
import { type Settling, settleAfterFlush } from "#net/flush-turn.ts";
import { NetError } from "#net/net-error.ts";
import { HeadEdits } from "#wire/http1/head-edits.ts";
import { type Decision, decideRequest, routeReply } from "./decide-request.ts";
import type { Downstream } from "./downstream.ts";
import { grpcFailureReply, grpcFailureTrailers, grpcReply, grpcStatusOf } from "./grpc-reply.ts";
import { grpcTimeoutMs } from "./grpc-timeout.ts";
import { type Failure, failureReply } from "./local-reply.ts";
import { isStandardConnect, refusedChange } from "./protocol-change.ts";
import type { ProxyRuntime } from "./proxy-runtime.ts";
import { editResponse, editUpgraded, FIELD } from "./request-edits.ts";
import { RequestRecord } from "./request-record.ts";
import { RequestTries } from "./request-tries.ts";
import type { ForwardPlan } from "./router/compiled-route.ts";
import { splitAuthority } from "./router/host-table.ts";
import { passthroughPlan } from "./router/passthrough-plan.ts";
import { inboundSeries } from "./telemetry/inbound-series.ts";
import { type RequestSeries, unknownWorkload } from "./telemetry/series.ts";
import type { TriesOwner, Upgraded } from "./tries-owner.ts";
import { openTunnel } from "./tunnel.ts";
import { countTunnel } from "./tunnel-places.ts";
import { outboundPair, type UpstreamCluster } from "./upstream/upstream-cluster.ts";

/** Serves all requests of one proxy, with records that are used again. */
export class RequestServer {
  readonly #runtime: ProxyRuntime;
  readonly #spare: ServedRequest[] = [];

  constructor(runtime: ProxyRuntime) {
    this.#runtime = runtime;
  }

  /** `refusal`: the listener has found a reason to answer itself. */
  serve(
    downstream: Downstream,
    exchange: ServerExchange,
    refusal: Failure | undefined,
  ): ServerExchangeEvents {
    const served = this.#spare.pop() ?? this.#make(exchange, downstream);
    served.begin(exchange, downstream, refusal ?? this.#runtime.overload.refusal);
    return served;
  }

  #make(exchange: ServerExchange, downstream: Downstream): ServedRequest {
    return new ServedRequest(this.#runtime, exchange, downstream, (done) => this.#reuse(done));
  }

  #reuse(done: ServedRequest): void {
    if (this.#spare.length < MAX_SPARE) this.#spare.push(done);
  }
}

const MAX_SPARE = 256;

class ServedRequest extends RequestRecord implements ServerExchangeEvents, TriesOwner, Settling {
  #exchange: ServerExchange;
  readonly #onDone: (done: ServedRequest) => void;
  readonly #tries: RequestTries;
  readonly #responseEdits = new HeadEdits();
  /** Of the route. */
  readonly #timer = new Deadline(() => this.#timedOut());
  #cluster: UpstreamCluster | undefined;
  /** What has passed when the timer fires, in words. */
  #timeLimit = "";
  /** The timer is the caller's, and runs already. */
  #hasDeadline = false;
  /** The answer that has begun may end with trailers of our own. */
  #mayEndAsGrpc = false;

  constructor(
    runtime: ProxyRuntime,
    exchange: ServerExchange,
    downstream: Downstream,
    onDone: (done: ServedRequest) => void,
  ) {
    super(runtime, exchange.request, downstream);
    this.#exchange = exchange;
    this.#onDone = onDone;
    this.#tries = new RequestTries(this, exchange, this);
  }

  begin(exchange: ServerExchange, downstream: Downstream, refusal: Failure | undefined): void {
    this.#exchange = exchange;
    this.start(exchange.request, downstream, exchange.startedAtMs);
    this.#tries.reset(exchange);
    this.#cluster = undefined;
    this.#hasDeadline = false;
    this.#mayEndAsGrpc = false;
    if (refusal !== undefined) this.#fail(refusal);
    else if (exchange.request.upgrade !== "") this.#beginChange(exchange);
    else this.#act(decideRequest(this));
  }

  /** Of the protocol. */
  #beginChange(exchange: ServerExchange): void {
    const refusal = refusedChange(exchange);
    if (refusal === undefined) this.#act(decideRequest(this));
    else this.#fail(refusal);
  }

  #act(decision: Decision): void {
    if (decision.kind === "forward") {
      this.#forward(decision, this.#clusterOf(decision));
      return;
    }
    if (decision.kind === "refuse") {
      this.#fail(decision.failure, decision.details);
      return;
    }
    if (decision.status < 300 && isStandardConnect(this.#exchange)) {
      const message = `the route answers ${decision.status} itself, and opens no WebSocket`;
      this.#fail({ code: "upgrade-refused", message });
      return;
    }
    this.status = decision.status;
    this.details = "direct_response";
    this.routeName = decision.routeName;
    const reply = routeReply(decision, this);
    const isRefusal = this.isGrpc && decision.kind === "respond";
    this.#exchange.reply(isRefusal ? this.#asGrpc(grpcReply(reply)) : reply);
  }

  #clusterOf(plan: ForwardPlan): UpstreamCluster | undefined {
    const { clusters } = this.runtime;
    const cluster = clusters.get(plan.cluster);
    if (cluster === undefined ? plan !== passthroughPlan : !cluster.isPassthrough) return cluster;
    const { host, port = cluster?.config.destination?.port ?? 80 } = splitAuthority(this.authority);
    return clusters.passthrough(cluster, unbracketed(host), Number(port));
  }

  #forward(plan: ForwardPlan, cluster: UpstreamCluster | undefined): void {
    this.plan = plan;
    this.routeName = plan.routeName;
    if (cluster === undefined) {
      this.#fail({
        code: "cluster-not-found",
        message: `${this.authority}: ${plan.cluster} does not exist`,
      });
      return;
    }
    if (!cluster.startRequest()) {
      this.#fail({
        code: "circuit-open",
        message: `${cluster.what}: ${cluster.activeRequests} requests are under way, no more are allowed`,
      });
      return;
    }
    this.#cluster = cluster;
    if (this.isGrpc) this.#startGrpcTimer(plan);
    else if (this.#tries.body.isComplete) this.#startTimer(plan);
    this.#tries.start(plan, cluster);
  }

  /** As Envoy's, the route's time begins when the request has arrived whole. */
  #startTimer({ timeoutMs }: ForwardPlan): void {
    if (timeoutMs === undefined || timeoutMs <= 0) return;
    this.#timeLimit = `no whole answer within ${timeoutMs} ms`;
    this.runtime.timers.arm(this.#timer, timeoutMs);
  }

  /** As Istio has it, the time that the caller gives stands for the route's where it is shorter, and begins at once. */
  #startGrpcTimer(plan: ForwardPlan): void {
    const givenMs = grpcTimeoutMs(this.head.field(FIELD.grpcTimeout));
    const { timeoutMs = 0 } = plan;
    this.#hasDeadline = givenMs !== undefined && !(timeoutMs > 0 && timeoutMs < givenMs);
    if (givenMs === undefined || !this.#hasDeadline) {
      if (this.#tries.body.isComplete) this.#startTimer(plan);
      return;
    }
    this.#timeLimit = `no whole answer within ${givenMs} ms, which the caller has given (grpc-timeout)`;
    this.runtime.timers.arm(this.#timer, givenMs);
  }

  onRequestData(slice: Uint8Array): void {
    this.#tries.send(slice);
  }

  onRequestEnd(trailers: FieldView | undefined): void {
    if (this.#tries.body.isComplete) return;
    if (this.plan !== undefined && this.weftError === undefined && !this.#hasDeadline)
      this.#startTimer(this.plan);
    this.#tries.sendEnd(trailers);
  }

  onResponseDrain(): void {
    this.#tries.resumeResponse();
  }

  onAnswer(head: ResponseHead, fromProxy: boolean): void {
    if (this.#tries.isExhausted) this.flags = "URX";
    if (this.isGrpc) {
      this.grpcStatus = head.field(FIELD.grpcStatus) ?? "";
      this.#mayEndAsGrpc = head.bodyKind === "chunked";
    }
    this.status = head.status;
    this.firstByteMs = this.elapsedMs();
    const edits = editResponse(this.#responseEdits, this.plan?.responseEdits, fromProxy);
    this.#exchange.respond(head, edits);
  }

  onUpgraded({ head, fromProxy, client, pool, accept }: Upgraded): void {
    const { host, plan } = this;
    const cluster = this.#cluster;
    if (host === undefined || cluster === undefined) return;
    this.status = head.status;
    this.firstByteMs = this.elapsedMs();
    const edits =
      accept === undefined
        ? editResponse(this.#responseEdits, plan?.responseEdits, fromProxy)
        : editUpgraded(this.#responseEdits, plan?.responseEdits, fromProxy, accept);
    this.#exchange.respond(head, edits);
    const leave = countTunnel(cluster, host, head.protocol === "HTTP/2" ? undefined : pool);
    const upstream = client.takeOver();
    openTunnel(this.#exchange.takeOver(), upstream, leave);
  }

  onAnswerEnd(trailers: FieldView | undefined): void {
    this.#mayEndAsGrpc = false;
    if (this.isGrpc) this.grpcStatus = trailers?.field(FIELD.grpcStatus) ?? this.grpcStatus;
    this.#exchange.end(trailers); // may end the exchange, and with it this record
  }

  onBroken(failure: Failure, error: PeerError | undefined): void {
    this.failed(failure);
    if (this.#mayEndAsGrpc) this.#endAsGrpc(failure);
    else this.#exchange.abort(error ?? new NetError("closed"));
  }

  onFailed(failure: Failure): void {
    this.#fail(failure);
  }

  #timedOut(): void {
    const message = `${this.#cluster?.what ?? ""}: ${this.#timeLimit}`;
    this.#tries.giveUpOnHost();
    this.#fail({ code: "request-timeout", message });
  }

  /** The last thing that is done with a request that this proxy answers itself. */
  #fail(failure: Failure, details?: string): void {
    this.failed(failure, details);
    if (this.#tries.isExhausted) this.flags = `${this.flags},URX`;
    this.runtime.timers.cancel(this.#timer);
    const exchange = this.#exchange;
    if (this.#mayEndAsGrpc) this.#endAsGrpc(failure);
    else if (exchange.hasResponded) exchange.abort(new NetError("idle-timeout", failure.message));
    else exchange.reply(this.#replyTo(failure));
  }

  #replyTo(failure: Failure): LocalReply {
    if (!this.isGrpc) return failureReply(failure, this, this.head.field(FIELD.accept));
    return this.#asGrpc(grpcFailureReply(failure, this));
  }

  /** An answer that breaks off is told apart by its status, in words, where another protocol has only a broken stream. */
  #endAsGrpc(failure: Failure): void {
    this.#mayEndAsGrpc = false;
    this.grpcStatus = grpcStatusOf(proxyFailures[failure.code].status);
    this.#exchange.end(grpcFailureTrailers(failure, this));
  }

  /** As Envoy's log has it: for HTTP all is well. */
  #asGrpc(reply: LocalReply): LocalReply {
    this.grpcStatus = grpcStatusOf(this.status);
    this.status = reply.status;
    return reply;
  }

  onExchangeEnd(error: PeerError | undefined): void {
    const exchange = this.#exchange;
    this.runtime.timers.cancel(this.#timer);
    this.#tries.finish();
    if (error !== undefined && this.weftError === undefined) this.#callerFailed(error);
    this.bytesReceived = exchange.bodyBytesReceived;
    this.bytesSent = exchange.bodyBytesSent;
    this.durationMs = this.elapsedMs();
    settleAfterFlush(this);
  }

  settle(): void {
    this.writeDown(this.#series());
    this.#cluster = undefined;
    this.#onDone(this);
  }

  #callerFailed(error: PeerError): void {
    const isGone = error instanceof NetError;
    const { status } = this;
    this.failed({ code: isGone ? "client-gone" : "bad-request", message: error.message });
    if (isGone && status === 0) this.status = 0; // as Envoy: there was no answer
  }

  #series(): RequestSeries {
    const { downstream, runtime, host } = this;
    if (downstream.listener.kind === "outbound")
      return host === undefined
        ? runtime.metrics.requests(
            outboundPair(runtime.self, this.#cluster?.config, unknownWorkload),
          )
        : host.series;
    downstream.series ??= inboundSeries(
      runtime.metrics,
      runtime.self,
      this.#cluster?.config.destination,
      {
        principal: downstream.principal,
        namespace: downstream.namespace,
        peerLine: this.head.field(FIELD.peer),
      },
    );
    return downstream.series;
  }
}

function unbracketed(host: string): string {
  return host.startsWith("[") ? host.slice(1, -1) : host;
}
