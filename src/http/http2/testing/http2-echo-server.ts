/** An HTTP/2 server under test, which answers as `echoServer` does. */
import { listen } from "#net/listener.ts";
import type { ServerConnection } from "../../server/server-connection.ts";
import { type EchoServer, echo, Seen } from "../../testing/echo-server.ts";
import type { Http2Options } from "../http2-options.ts";
import { http2Server } from "../server-connection.ts";

export async function http2EchoServer(
  options: Partial<Http2Options> = {},
  answer: (seen: Seen) => void = echo,
  onBegin: (seen: Seen) => void = () => undefined,
): Promise<EchoServer> {
  const seen: Seen[] = [];
  const connections = new Set<ServerConnection>();
  const serve = http2Server((exchange) => {
    const request = new Seen(exchange, answer);
    seen.push(request);
    onBegin(request);
    return request;
  }, options);
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
