// One delta stream from its connection to its end: asks for everything, reads responses, answers each.
import {
  type ConfigResource,
  type ConfigType,
  configTypes,
  type Snapshot,
} from "#config/snapshot.ts";
import { DELTA_PATH } from "../grpc-paths.ts";
import { decode } from "../messages/codec.ts";
import {
  type DeltaRequest,
  type DeltaResponse,
  decodeDeltaResponse,
  encodeDeltaRequest,
} from "../messages/discovery.ts";
import { WEFT_CLIENT_FEATURE } from "../messages/node.ts";
import { typeOfUrl, typeUrlOf } from "../messages/type-url.ts";
import { describeIssues, validateUpdate } from "../stream/validate-update.ts";
import { asXdsError, XdsError } from "../xds-error.ts";
import type { ConfigStreamOptions, ConfigUpdate, Verdict } from "./config-stream-options.ts";
import { type Call, openCall } from "./grpc-call.ts";
import type { Http2Session } from "./http2-session.ts";

export interface ConfigLinkOptions
  extends Omit<ConfigStreamOptions, "known" | "apply" | "onState"> {
  /** What the proxy runs now. */
  readonly snapshot: () => Snapshot;
  readonly apply: (update: ConfigUpdate) => Verdict | Promise<Verdict>;
  /** An update is being applied, of this link or of the one that it replaces: what comes has to wait. */
  readonly isApplying: () => boolean;
  /** That is over and answered: to be followed by `resume`. */
  readonly onApplied: () => void;
  /** The first response has come. */
  readonly onUp: () => void;
  /** The first response of every type has been accepted. */
  readonly onSynced: () => void;
  /** Not called after `close`. */
  readonly onDown: (error: XdsError) => void;
}

/** Trust roots under Istio's name. */
const SECRETS = ["ROOTCA"];

/** Disposable by `close`; `onDown` comes at most once. */
export class ConfigLink {
  isUp = false;
  readonly #options: ConfigLinkOptions;
  readonly #abort = new AbortController();
  #session: Http2Session | undefined;
  #call: Call | undefined;
  #onEnd: () => void = () => undefined;
  #isOver = false;
  #isSynced = false;
  /** Types whose first response has not been accepted yet. */
  readonly #awaited = new Set<ConfigType>(configTypes.filter((type) => type !== "endpoints"));
  readonly #endpointNames = new Set<string>();
  /** What came while an update was being applied. */
  readonly #held: Uint8Array[] = [];

  constructor(options: ConfigLinkOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    try {
      const session = await this.#options.connect(this.#abort.signal);
      if (this.#isOver) return session.destroy();
      this.#session = session;
      const { timers } = this.#options;
      const call = { path: DELTA_PATH, authority: "control-plane", timers };
      this.#call = openCall(session, call, {
        message: (bytes) => this.#receive(bytes),
        end: (error) => {
          this.#onEnd();
          this.#down(error ?? new XdsError("unavailable", "the control plane ended the stream"));
        },
      });
      this.#subscribe();
    } catch (cause) {
      this.#down(asXdsError(cause));
    }
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#release();
  }

  /**
   * Ends the stream in good order, so that the server knows that this is no accident. Resolves when the server has ended
   * its side, or after `withinMs`.
   */
  async leave(withinMs: number): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onEnd = resolve;
    this.#call?.finish();
    if (this.#call === undefined) resolve();
    const patience = this.#options.timers.after(withinMs, resolve);
    await promise;
    patience[Symbol.dispose]();
    this.#release();
  }

  /** Takes what has waited, until the next update takes its time. */
  resume(): void {
    try {
      while (!this.#isOver && !this.#options.isApplying()) {
        const next = this.#held.shift();
        if (next === undefined) return;
        this.#take(next);
      }
    } catch (cause) {
      this.#down(asXdsError(cause));
    }
  }

  #release(): void {
    this.#abort.abort();
    this.#call?.cancel();
    this.#session?.close();
  }

  #down(error: XdsError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#release();
    this.#options.onDown(error);
  }

  /** Everything by wildcard but endpoints and secrets, with the versions that the proxy runs already. */
  #subscribe(): void {
    const { nodeId: id, workload, snapshot } = this.#options;
    const features = [WEFT_CLIENT_FEATURE];
    const { namespace, serviceAccount } = workload;
    const node = { id, workload, namespace, serviceAccount, features };
    const wanted = { secret: SECRETS, endpoints: edsNames(snapshot()) };
    let isFirst = true;
    for (const type of configTypes) {
      const names = type === "secret" || type === "endpoints" ? wanted[type] : ["*"];
      if (names.length === 0) continue; // endpoints: asked for with the first cluster
      if (type === "endpoints") this.#awaitEndpoints(names);
      this.#send(type, {
        ...(isFirst ? { node } : {}),
        subscribe: names,
        initialVersions: versionsOf(snapshot()[type].values()),
      });
      isFirst = false;
    }
  }

  #send(type: ConfigType, request: Partial<DeltaRequest>): void {
    const empty = { subscribe: [], unsubscribe: [], initialVersions: new Map(), nonce: "" };
    this.#call?.send(encodeDeltaRequest({ typeUrl: typeUrlOf(type), ...empty, ...request }));
  }

  #receive(bytes: Uint8Array): void {
    if (this.#options.isApplying()) this.#held.push(bytes);
    else this.#take(bytes);
  }

  /** A response that cannot be read at all ends the stream; one that can is answered. */
  #take(bytes: Uint8Array): void {
    const response = decodeDeltaResponse(bytes);
    if (!this.isUp) {
      this.isUp = true;
      this.#options.onUp();
    }
    const type = typeOfUrl(response.typeUrl);
    if (type === undefined) this.#refuseType(response);
    else
      this.#whenApplied(this.#judge(type, response), (verdict) =>
        this.#answer(type, response, verdict),
      );
  }

  #answer(type: ConfigType, { nonce }: DeltaResponse, verdict: Verdict): void {
    if (this.#isOver) return;
    if (verdict.kind === "rejected") {
      this.#options.log.warn({ type, reason: verdict.reason }, "configuration was refused");
      this.#send(type, { nonce, error: verdict.reason });
      return;
    }
    // Before the acknowledgement, so that routes to new clusters wait for their endpoints.
    if (type === "cluster") this.#followClusters();
    this.#send(type, { nonce });
    this.#noteSynced(type);
  }

  /** Updates are applied one after the other: each builds on the snapshot of the one before. */
  #whenApplied(verdict: Verdict | Promise<Verdict>, then: (verdict: Verdict) => void): void {
    if (!(verdict instanceof Promise)) {
      then(verdict);
      return;
    }
    void verdict.then((late) => {
      if (!this.#isOver) then(late);
      this.#options.onApplied();
    });
  }

  #refuseType({ typeUrl, nonce }: DeltaResponse): void {
    const request = { subscribe: [], unsubscribe: [], initialVersions: new Map(), nonce };
    const error = `type ${typeUrl.slice(0, 200)} was not asked for`;
    this.#call?.send(encodeDeltaRequest({ typeUrl, ...request, error }));
  }

  #judge(type: ConfigType, response: DeltaResponse): Verdict | Promise<Verdict> {
    try {
      const update = this.#read(type, response);
      const issues = validateUpdate(update, this.#options.checkRegex);
      if (issues.length > 0) return { kind: "rejected", reason: describeIssues(issues) };
      const isEmpty = update.upserted.length + update.removed.length === 0;
      return isEmpty ? { kind: "accepted" } : this.#options.apply(update);
    } catch (cause) {
      return { kind: "rejected", reason: asXdsError(cause).message };
    }
  }

  /** Throws XdsError, naming the resource, when anything in the response cannot be read. */
  #read(type: ConfigType, { resources, removed }: DeltaResponse): ConfigUpdate {
    const typeUrl = typeUrlOf(type);
    const upserted = resources.map((resource) => {
      if (resource.typeUrl === typeUrl)
        return decode(type, resource.name, resource.version, resource.bytes);
      throw new XdsError(
        "malformed",
        `${type} "${resource.name}": its message is of type ${resource.typeUrl || "(none)"}`,
      );
    });
    const before = this.#options.snapshot();
    const gone = removed.filter((name) => before[type].has(name));
    return { type, upserted, removed: gone, snapshot: changed(before, type, upserted, gone) };
  }

  #followClusters(): void {
    const names = new Set(edsNames(this.#options.snapshot()));
    const subscribe = [...names].filter((name) => !this.#endpointNames.has(name));
    const unsubscribe = [...this.#endpointNames].filter((name) => !names.has(name));
    if (subscribe.length + unsubscribe.length === 0) return;
    const isFirst = this.#endpointNames.size === 0 && !this.#isSynced;
    if (isFirst) this.#awaitEndpoints(subscribe);
    for (const name of subscribe) this.#endpointNames.add(name);
    for (const name of unsubscribe) this.#endpointNames.delete(name);
    this.#send("endpoints", { subscribe, unsubscribe });
    this.#dropEndpoints(unsubscribe);
  }

  #awaitEndpoints(names: readonly string[]): void {
    this.#awaited.add("endpoints");
    for (const name of names) this.#endpointNames.add(name);
  }

  /** Endpoints of clusters that are gone are not removed by the server once they are not asked for. */
  #dropEndpoints(names: readonly string[]): void {
    const type = "endpoints";
    const before = this.#options.snapshot();
    const removed = names.filter((name) => before.endpoints.has(name));
    if (removed.length === 0) return;
    const snapshot = changed(before, type, [], removed);
    this.#whenApplied(
      this.#options.apply({ type, upserted: [], removed, snapshot }),
      () => undefined,
    );
  }

  #noteSynced(type: ConfigType): void {
    this.#awaited.delete(type);
    if (this.#isSynced || this.#awaited.size > 0) return;
    this.#isSynced = true;
    this.#options.onSynced();
  }
}

function edsNames(snapshot: Snapshot): string[] {
  const names = new Set<string>();
  for (const { value } of snapshot.cluster.values())
    if (value.discovery.kind === "eds") names.add(value.discovery.name);
  return [...names];
}

function versionsOf(resources: Iterable<ConfigResource>): ReadonlyMap<string, string> {
  return new Map(Array.from(resources, ({ name, version }) => [name, version]));
}

function changed(
  before: Snapshot,
  type: ConfigType,
  upserted: readonly ConfigResource[],
  removed: readonly string[],
): Snapshot {
  const map = new Map<string, ConfigResource>(before[type]);
  for (const name of removed) map.delete(name);
  for (const resource of upserted) map.set(resource.name, resource);
  return { ...before, [type]: map };
}
