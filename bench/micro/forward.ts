/**
 * The least that is a proxy: accept, decode the head, edit it, pooled upstream connection, bodies both ways with
 * back-pressure. What the data path costs before any policy. Run: `bun bench/micro/forward.ts PORT UPSTREAM_PORT`.
 */

import type { ClientConnection, ConnectionOwner } from "#http/client/connection.ts";
import { http1Client } from "#http/client/http1-client-connection.ts";
import type {
  ClientExchange,
  ClientExchangeEvents,
  FieldView,
  PeerError,
  ResponseHead,
  ServerExchange,
  ServerExchangeEvents,
} from "#http/exchange.ts";
import { http1Server } from "#http/server/serve-http1.ts";
import { connect } from "#net/connect.ts";
import { listen } from "#net/listener.ts";
import { fieldName } from "#wire/http1/field-name.ts";
import { fieldLine, HeadEdits } from "#wire/http1/head-edits.ts";

const [port = "18090", upstreamPort = "18080"] = process.argv.slice(2);

const idle: ClientConnection[] = [];
const owner: ConnectionOwner = {
  onAvailable: (connection) => void idle.push(connection),
  onRetired: (connection) => {
    const at = idle.indexOf(connection);
    if (at >= 0) idle.splice(at, 1);
  },
};

const REQUEST_ID = fieldName("x-request-id");
const requestEdits = new HeadEdits();
const responseEdits = new HeadEdits().addLines(fieldLine("x-proxied-by", "forward"));

/** One request on its way: the receiver of both sides' events. */
class Forward implements ServerExchangeEvents, ClientExchangeEvents {
  readonly #down: ServerExchange;
  #up: ClientExchange | undefined = undefined;
  #waiting: Uint8Array[] | undefined = undefined;
  #isRequestOver = false;
  #isOver = false;

  constructor(down: ServerExchange) {
    this.#down = down;
    const connection = idle.pop();
    if (connection !== undefined) this.#send(connection);
    else void this.#dial();
  }

  async #dial(): Promise<void> {
    try {
      const transport = await connect({
        address: { host: "127.0.0.1", port: Number(upstreamPort) },
      });
      if (this.#isOver) transport.destroy();
      else this.#send(http1Client(transport, owner));
    } catch (cause) {
      if (!this.#isOver) this.#down.reply({ status: 503, fields: [], body: `${cause}\n` });
    }
  }

  #send(connection: ClientConnection): void {
    requestEdits.clear().set(REQUEST_ID, "0123456789abcdef");
    this.#up = connection.send(this.#down.request, requestEdits, this);
    for (const slice of this.#waiting ?? []) this.#up.write(slice);
    if (this.#isRequestOver) this.#up.end();
  }

  onRequestData(slice: Uint8Array): void {
    if (this.#up === undefined) this.#waiting = [...(this.#waiting ?? []), slice];
    else if (!this.#up.write(slice)) this.#down.pauseRequest();
  }

  onRequestEnd(trailers: FieldView | undefined): void {
    this.#isRequestOver = true;
    this.#up?.end(trailers);
  }

  onResponseDrain(): void {
    this.#up?.resumeResponse();
  }

  onExchangeEnd(error: PeerError | undefined): void {
    this.#isOver = true;
    if (error !== undefined) this.#up?.abort();
  }

  onInformational(head: ResponseHead): void {
    this.#down.inform(head);
  }

  onResponse(head: ResponseHead): void {
    this.#down.respond(head, responseEdits);
  }

  onResponseData(bytes: Buffer, start: number, end: number): void {
    if (!this.#down.writeRange(bytes, start, end)) this.#up?.pauseResponse();
  }

  onResponseEnd(trailers: FieldView | undefined): void {
    this.#down.end(trailers);
  }

  onRequestDrain(): void {
    this.#down.resumeRequest();
  }

  onUpstreamError(error: PeerError): void {
    if (this.#down.hasResponded) this.#down.abort(error);
    else this.#down.reply({ status: 502, fields: [], body: `${error.message}\n` });
  }
}

const serve = http1Server((exchange) => new Forward(exchange));
const listener = await listen({
  address: { host: "127.0.0.1", port: Number(port) },
  mode: process.argv[4] === "either" ? "either" : "plain",
  onConnection: (transport) => void serve(transport),
});
process.stdout.write(`listening on ${listener.address.port}\n`);
