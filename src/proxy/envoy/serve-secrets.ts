// The workload's certificate and key for the Envoy beside us, by SDS: the first time when it asks, then whenever they are new.
import { createHash } from "node:crypto";
import type { Log } from "#core/log.ts";
import { decodeSecretRequest, encodeSecretResponse } from "#xds/messages/identity-secret.ts";
import type { LocalCall, LocalCallEvents } from "#xds/server/local-grpc.ts";
import { XdsError } from "#xds/xds-error.ts";
import type { HeldIdentity } from "../identity/held-identity.ts";

/** Istio's name for a workload's own certificate. */
const OWN = "default";

export class SecretService {
  readonly #identity: () => HeldIdentity | undefined;
  readonly #log: Log;
  readonly #askers = new Set<LocalCall>();

  constructor(identity: () => HeldIdentity | undefined, log: Log) {
    this.#identity = identity;
    this.#log = log;
  }

  /** For every stream that the Envoy opens: one per place where the secret is used. */
  serve(call: LocalCall): LocalCallEvents {
    return {
      message: (bytes) => this.#take(call, bytes),
      finished: () => call.end(),
      closed: () => void this.#askers.delete(call),
    };
  }

  /** Hands the certificate of now to everybody who has asked for one. */
  push(): void {
    for (const call of this.#askers) this.#send(call);
  }

  #take(call: LocalCall, bytes: Uint8Array): void {
    const { names, error } = decodeSecretRequest(bytes);
    const foreign = names.find((name) => name !== OWN);
    if (error !== undefined) this.#log.error({ reason: error }, "Envoy refuses the certificate");
    else if (foreign !== undefined)
      call.end(new XdsError("not-found", `there is no secret "${foreign}" here, only "${OWN}"`));
    else if (!this.#askers.has(call)) {
      this.#askers.add(call);
      this.#send(call);
    }
  }

  #send(call: LocalCall): void {
    const held = this.#identity();
    if (held === undefined) return;
    const chainPem = held.chainPem.join("");
    const secret = { name: OWN, chainPem, keyPem: held.key.privateKeyPem() };
    const version = createHash("sha256").update(chainPem).digest("hex").slice(0, 16);
    call.send(encodeSecretResponse(secret, version));
  }
}
