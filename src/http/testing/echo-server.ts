/** A server connection under test: answers every request with what it was, and remembers all of it. */
import { listen } from "#net/listener.ts";
import type { Transport } from "#net/transport.ts";
import type {
  FieldView,
  PeerError,
  RequestHandler,
  RequestHead,
  ServerExchange,
  ServerExchangeEvents,
} from "../exchange.ts";
import { http1Server } from "../server/serve-http1.ts";
import type { ServerConnection } from "../server/server-connection.ts";
import type { ServerOptions } from "../server/server-options.ts";

export class Seen implements ServerExchangeEvents {
  readonly exchange: ServerExchange;
  readonly head: RequestHead;
  body = "";
  trailers: FieldView | undefined = undefined;
  isWhole = false;
  /** Undefined until the exchange is over; then null for an orderly end. */
  end: PeerError | null | undefined = undefined;
  drains = 0;
  readonly #answer: (seen: Seen) => void;

  constructor(exchange: ServerExchange, answer: (seen: Seen) => void) {
    this.exchange = exchange;
    this.head = exchange.request;
    this.#answer = answer;
  }

  onRequestData(slice: Uint8Array): void {
    this.body += Buffer.from(slice).toString("latin1");
  }

  onRequestEnd(trailers: FieldView | undefined): void {
    this.trailers = trailers;
    this.isWhole = true;
    this.#answer(this);
  }

  onResponseDrain(): void {
    this.drains++;
  }

  onExchangeEnd(error: PeerError | undefined): void {
    this.end = error ?? null;
  }
}

export interface EchoServer extends AsyncDisposable {
  readonly port: number;
  readonly seen: readonly Seen[];
  readonly connections: ReadonlySet<ServerConnection>;
}

export function echo(seen: Seen): void {
  const { method, target } = seen.head;
  seen.exchange.reply({ status: 200, fields: [], body: `${method} ${target} ${seen.body}` });
}

type Serve = (
  transport: Transport,
  onClosed?: (connection: ServerConnection) => void,
) => ServerConnection;

export function echoServer(
  options: Partial<ServerOptions> = {},
  answer: (seen: Seen) => void = echo,
  onBegin: (seen: Seen) => void = () => undefined,
): Promise<EchoServer> {
  return echoOver((handler) => http1Server(handler, options), answer, onBegin);
}

/** The same over any protocol. */
export async function echoOver(
  serverOf: (handler: RequestHandler) => Serve,
  answer: (seen: Seen) => void,
  onBegin: (seen: Seen) => void,
): Promise<EchoServer> {
  const seen: Seen[] = [];
  const connections = new Set<ServerConnection>();
  const serve = serverOf((exchange) => {
    const request = new Seen(exchange, answer);
    seen.push(request);
    onBegin(request);
    return request;
  });
  const listener = await listen({
    address: { host: "127.0.0.1", port: 0 },
    mode: "plain",
    onConnection: (transport) =>
      void connections.add(serve(transport, (connection) => connections.delete(connection))),
  });
  return {
    port: listener.address.port,
    seen,
    connections,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}
