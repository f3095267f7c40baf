// An Envoy's configuration stream, passed on as it is: the agent proves who asks, the control plane answers the Envoy.
import type { Log } from "#core/log.ts";
import { type Call, openCall } from "#xds/client/grpc-call.ts";
import type { ConnectHttp2, Http2Session } from "#xds/client/http2-session.ts";
import { DELTA_PATH } from "#xds/grpc-paths.ts";
import type { LocalCall, LocalCallEvents } from "#xds/server/local-grpc.ts";
import { systemTimers } from "#xds/stream/timers.ts";
import { asXdsError, XdsError } from "#xds/xds-error.ts";

const LEAVE_MS = 500;

export interface ConfigRelayOptions {
  readonly connect: ConnectHttp2;
  readonly log: Log;
}

export class ConfigRelay {
  readonly #options: ConfigRelayOptions;
  readonly #streams = new Set<RelayedStream>();
  #isLeaving = false;

  constructor(options: ConfigRelayOptions) {
    this.#options = options;
  }

  /** For every stream that the Envoy opens. */
  serve(local: LocalCall): LocalCallEvents {
    const stream = new RelayedStream(local, this.#options, () => this.#streams.delete(stream));
    if (this.#isLeaving) local.end(new XdsError("unavailable", "this workload leaves the mesh"));
    else this.#streams.add(stream);
    return stream;
  }

  /** Ends the streams, so that the Envoy opens new ones, with the certificate of now. It keeps what it has. */
  reopen(): void {
    for (const stream of this.#streams) stream.reopen();
  }

  /** Tells the control plane that this workload goes away for good; resolves when it has been heard, or soon after. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    const heard = Array.from(this.#streams, (stream) => stream.leave());
    await Promise.race([Promise.all(heard), Bun.sleep(LEAVE_MS)]);
  }
}

class RelayedStream implements LocalCallEvents {
  readonly #local: LocalCall;
  readonly #onEnd: () => void;
  readonly #abort = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  /** What the Envoy has said before there was a connection. */
  #waiting: Uint8Array[] = [];
  #session: Http2Session | undefined;
  #call: Call | undefined;
  #isLeaving = false;

  constructor(local: LocalCall, options: ConfigRelayOptions, onEnd: () => void) {
    this.#local = local;
    this.#onEnd = onEnd;
    void this.#open(options);
  }

  message(bytes: Uint8Array): void {
    if (this.#call) this.#call.send(bytes);
    else this.#waiting.push(bytes);
  }

  /** Of an Envoy that ends or connects again. Only the agent says that the workload leaves: to the control plane it is lost. */
  finished(): void {
    this.#call?.cancel();
  }

  closed(): void {
    this.#abort.abort();
    this.#call?.cancel();
    this.#session?.close();
    this.#ended.resolve();
    this.#onEnd();
  }

  reopen(): void {
    this.#local.end(new XdsError("unavailable", "the certificate was renewed: connect again"));
  }

  async leave(): Promise<void> {
    if (this.#call === undefined) return;
    this.#isLeaving = true;
    this.#call.finish();
    await this.#ended.promise;
  }

  async #open({ connect, log }: ConfigRelayOptions): Promise<void> {
    try {
      const session = await connect(this.#abort.signal);
      this.#session = session;
      if (this.#abort.signal.aborted) {
        session.close();
        return;
      }
      const call = { path: DELTA_PATH, authority: "control-plane", timers: systemTimers };
      this.#call = openCall(session, call, {
        message: (bytes) => this.#local.send(bytes),
        end: (error) =>
          this.#lost(error ?? new XdsError("unavailable", "the stream has ended"), log),
      });
      for (const bytes of this.#waiting) this.#call.send(bytes);
      this.#waiting = [];
    } catch (cause) {
      this.#lost(asXdsError(cause), log);
    }
  }

  #lost(error: XdsError, log: Log): void {
    this.#ended.resolve();
    if (this.#abort.signal.aborted || this.#isLeaving) return;
    log.warn(
      { code: error.statusName, reason: error.message },
      "the control plane is not there; what it said last stays in force",
    );
    this.#local.end(error);
  }
}
