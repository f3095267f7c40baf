// A control plane without sense: a grpc-js server whose delta streams say what a test tells them to.
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
} from "#xds/messages/generated/envoy/service/discovery/v3/discovery.ts";
import { discoveryService } from "#xds/server/grpc-services.ts";
import type { TestAuthority } from "./test-certificates.ts";

type Says = Parameters<typeof DeltaDiscoveryResponse.fromPartial>[0];

/** One stream of a client as its server sees it. */
export class ServerScript {
  readonly #call: ServerDuplexStream<Uint8Array, Uint8Array>;
  readonly #heard: DeltaDiscoveryRequest[] = [];
  readonly #waiting: ((request: DeltaDiscoveryRequest) => void)[] = [];
  readonly ended: Promise<void>;

  constructor(call: ServerDuplexStream<Uint8Array, Uint8Array>) {
    this.#call = call;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    for (const event of ["end", "cancelled", "error"]) call.on(event, () => resolve());
    call.on("data", (bytes: Uint8Array) => {
      const request = DeltaDiscoveryRequest.decode(bytes);
      const waiting = this.#waiting.shift();
      if (waiting) waiting(request);
      else this.#heard.push(request);
    });
  }

  say(response: Says): void {
    this.sayBytes(
      DeltaDiscoveryResponse.encode(DeltaDiscoveryResponse.fromPartial(response)).finish(),
    );
  }

  sayBytes(bytes: Uint8Array): void {
    this.#call.write(bytes);
  }

  hear(): Promise<DeltaDiscoveryRequest> {
    const heard = this.#heard.shift();
    if (heard) return Promise.resolve(heard);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Skips the first requests of a stream, which only subscribe. */
  async hearAnswer(nonce: string): Promise<DeltaDiscoveryRequest> {
    for (;;) {
      const request = await this.hear();
      if (request.responseNonce === nonce) return request;
    }
  }

  fail(code: number, details: string): void {
    this.#call.emit("error", { code, details });
  }
}

export interface ScriptedServer extends AsyncDisposable {
  readonly port: number;
  /** The next stream that a client opens. */
  next(): Promise<ServerScript>;
}

export async function startScriptedServer(authority: TestAuthority): Promise<ScriptedServer> {
  const identity = authority.issue("istio-system", "istiod");
  const server = new Server({ "grpc.enable_http_proxy": 0 });
  const opened: ServerScript[] = [];
  const waiting: ((script: ServerScript) => void)[] = [];
  const accept = (call: ServerDuplexStream<Uint8Array, Uint8Array>): void => {
    const script = new ServerScript(call);
    const next = waiting.shift();
    if (next) next(script);
    else opened.push(script);
  };
  server.addService(discoveryService, {
    DeltaAggregatedResources: accept,
    StreamAggregatedResources: accept,
  });
  const pair = {
    private_key: Buffer.from(identity.keyPem),
    cert_chain: Buffer.from(identity.chainPem),
  };
  const credentials = ServerCredentials.createSsl(Buffer.from(authority.rootPem), [pair], true);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    next: () => {
      const script = opened.shift();
      if (script) return Promise.resolve(script);
      return new Promise((resolve) => waiting.push(resolve));
    },
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  };
}
