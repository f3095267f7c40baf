/** An HTTP/2 server under test, which answers as `echoServer` does. */
import { type EchoServer, echo, echoOver, type Seen } from "../../testing/echo-server.ts";
import type { Http2Options } from "../http2-options.ts";
import { http2Server } from "../server-connection.ts";

export function http2EchoServer(
  options: Partial<Http2Options> = {},
  answer: (seen: Seen) => void = echo,
  onBegin: (seen: Seen) => void = () => undefined,
): Promise<EchoServer> {
  return echoOver((handler) => http2Server(handler, options), answer, onBegin);
}
