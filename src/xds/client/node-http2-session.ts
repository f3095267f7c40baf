// The HTTP/2 that the gRPC client uses today: node:http2 over a TLS connection whose server we verify ourselves.
import http2 from "node:http2";
import { connect as connectTls, type DetailedPeerCertificate, type TLSSocket } from "node:tls";
import type { Timers } from "../stream/timers.ts";
import { asXdsError, XdsError } from "../xds-error.ts";
import type { ConnectHttp2, Exchange, ExchangeEvents, Http2Session } from "./http2-session.ts";

export interface Http2Target {
  readonly host: string;
  readonly port: number;
  /** This side's certificate (leaf first) and key; absent: none is shown. */
  readonly identity?: { readonly chainPem: string; readonly keyPem: string };
  /** Throws when the server's chain (DER, leaf first) is not to be trusted; nothing is sent before. */
  readonly verifyServer: (chainDer: readonly Uint8Array[]) => void;
  readonly connectTimeoutMs: number;
  readonly timers: Timers;
}

const CHAIN_MAX = 10;
const STREAM_WINDOW_BYTES = 1024 * 1024;

/** `target` is asked at every connection, so that a rotated certificate is used from the next one on. */
export function http2Connector(target: () => Http2Target): ConnectHttp2 {
  return async (signal) => {
    const now = target();
    const socket = await openTls(now, signal);
    try {
      now.verifyServer(peerChain(socket));
    } catch (cause) {
      socket.destroy();
      const reason = asXdsError(cause).message;
      throw new XdsError(
        "untrusted-server",
        `the server at ${now.host}:${now.port} was not trusted: ${reason}`,
        cause,
      );
    }
    return new NodeHttp2Session(socket, `https://${now.host}:${now.port}`, now.timers);
  };
}

function openTls(target: Http2Target, signal: AbortSignal): Promise<TLSSocket> {
  const { host, port, identity, connectTimeoutMs, timers } = target;
  const where = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      host,
      port,
      ALPNProtocols: ["h2"],
      rejectUnauthorized: false, // SPIFFE names are checked by verifyServer, before anything is sent
      checkServerIdentity: () => undefined,
      ...(identity ? { cert: identity.chainPem, key: identity.keyPem } : {}),
    });
    const settle = (error: XdsError | undefined): void => {
      timeout[Symbol.dispose]();
      signal.removeEventListener("abort", abort);
      socket.off("error", onError);
      socket.off("close", onClose);
      if (error === undefined) {
        resolve(socket);
        return;
      }
      socket.on("error", () => undefined); // it may fail once more while it is torn down
      socket.destroy();
      reject(error);
    };
    const unavailable = (why: string, cause?: unknown): void =>
      settle(new XdsError("unavailable", `cannot connect to ${where}: ${why}`, cause));
    const onError = (cause: Error): void => unavailable(cause.message, cause);
    const onClose = (): void => unavailable("the connection was closed during the handshake");
    const abort = (): void =>
      settle(new XdsError("cancelled", `connecting to ${where} was given up`));
    const timeout = timers.after(connectTimeoutMs, () =>
      unavailable(`no TLS connection within ${connectTimeoutMs} ms`),
    );
    signal.addEventListener("abort", abort);
    socket.on("error", onError);
    socket.on("close", onClose);
    socket.once("secureConnect", () => {
      if (socket.alpnProtocol === "h2") settle(undefined);
      else unavailable("the server does not speak HTTP/2");
    });
    if (signal.aborted) abort();
  });
}

function peerChain(socket: TLSSocket): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (certificate?.raw !== undefined && chain.length < CHAIN_MAX) {
    chain.push(certificate.raw);
    const issuer: DetailedPeerCertificate | undefined = certificate.issuerCertificate;
    certificate = issuer === certificate ? undefined : issuer;
  }
  return chain;
}

class NodeHttp2Session implements Http2Session {
  readonly #session: http2.ClientHttp2Session;
  readonly #timers: Timers;
  #error: Error | undefined;
  #isGone = false;
  #isClosing = false;

  constructor(socket: TLSSocket, url: string, timers: Timers) {
    this.#timers = timers;
    this.#session = http2.connect(url, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
    });
    this.#session.on("error", (error: Error) => {
      this.#error = error;
    });
    this.#session.on("goaway", () => {
      this.#isClosing = true;
    });
    this.#session.on("close", () => {
      this.#isGone = true;
    });
  }

  open(headers: readonly (readonly [string, string])[], events: ExchangeEvents): Exchange {
    if (!this.isOpen())
      throw new XdsError("unavailable", "the connection to the control plane is closed");
    const stream = this.#session.request(Object.fromEntries(headers), { endStream: false });
    return new NodeExchange(stream, events);
  }

  ping(deadlineMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (): void =>
        reject(new XdsError("unavailable", `no pong within ${deadlineMs} ms`));
      const timeout = this.#timers.after(deadlineMs, fail);
      const sent = this.#session.ping((error) => {
        timeout[Symbol.dispose]();
        if (error) reject(new XdsError("unavailable", `ping failed: ${error.message}`, error));
        else resolve();
      });
      if (sent) return;
      timeout[Symbol.dispose]();
      fail();
    });
  }

  isOpen(): boolean {
    return !(this.#isGone || this.#isClosing || this.#session.closed || this.#session.destroyed);
  }

  onClose(callback: (reason: Error | undefined) => void): void {
    if (this.#isGone) queueMicrotask(() => callback(this.#error));
    else this.#session.once("close", () => callback(this.#error));
  }

  close(): void {
    this.#isClosing = true;
    this.#session.close();
  }

  destroy(): void {
    this.#isClosing = true;
    this.#session.destroy();
  }
}

class NodeExchange implements Exchange {
  readonly #stream: http2.ClientHttp2Stream;
  #isSilent = false;

  constructor(stream: http2.ClientHttp2Stream, events: ExchangeEvents) {
    this.#stream = stream;
    let error: Error | undefined;
    const tell = (work: () => void): void => {
      if (!this.#isSilent) work();
    };
    stream.on("response", (headers) => tell(() => events.headers(fieldsOf(headers), false)));
    stream.on("trailers", (headers) => tell(() => events.headers(fieldsOf(headers), true)));
    stream.on("data", (bytes: Uint8Array) => tell(() => events.data(bytes)));
    stream.on("drain", () => tell(() => events.drain()));
    stream.on("error", (cause: Error) => {
      error = cause;
    });
    const finish = (): void =>
      tell(() => {
        this.cancel(); // our half, if it is still open: the answer is complete
        events.close(error);
      });
    stream.once("close", finish);
    // A peer that has said everything has ended the exchange, although our half may be open. Trailers may be
    // announced in the same turn as the end, so it is looked at after it.
    stream.once("end", () => setImmediate(finish));
  }

  write(bytes: Uint8Array): boolean {
    return !this.#stream.destroyed && this.#stream.write(bytes);
  }

  end(): void {
    this.#stream.end();
  }

  cancel(): void {
    this.#isSilent = true;
    this.#stream.close(http2.constants.NGHTTP2_CANCEL);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }
}

function fieldsOf(headers: object): ReadonlyMap<string, string> {
  return new Map(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
