import type { Transport } from "#net/transport.ts";
import type { RequestHandler } from "../exchange.ts";
import { Http1ServerConnection, type ServerConnection } from "./server-connection.ts";
import { SERVER_OPTIONS, type ServerOptions } from "./server-options.ts";

/** Serves requests until the connection ends. `onClosed` is called once. */
export function serveHttp1(
  transport: Transport,
  handler: RequestHandler,
  options: Partial<ServerOptions> = {},
  onClosed: (connection: ServerConnection) => void = () => undefined,
): ServerConnection {
  return http1Server(handler, options)(transport, onClosed);
}

/** As `serveHttp1`, for listeners: the options are merged once, not per connection. */
export function http1Server(
  handler: RequestHandler,
  options: Partial<ServerOptions> = {},
): (transport: Transport, onClosed?: (connection: ServerConnection) => void) => ServerConnection {
  const merged = { ...SERVER_OPTIONS, ...options };
  return (transport, onClosed = () => undefined) => {
    const connection = new Http1ServerConnection(transport, handler, merged, onClosed);
    connection.start();
    return connection;
  };
}
