import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Seen } from "./running-plane.ts";

/** An HTTP server of the test's own process that remembers what it was asked. */
export interface Backend extends AsyncDisposable {
  readonly port: number;
  readonly seen: Seen[];
}

export type Respond = (request: Seen, response: ServerResponse, raw: IncomingMessage) => void;

export async function backend(
  respond: Respond = (_, response) => response.end("ok\n"),
  options: { readonly keepAliveTimeoutMs?: number } = {},
): Promise<Backend> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
      seen.push(one);
      respond(one, response, request);
    });
  });
  if (options.keepAliveTimeoutMs !== undefined)
    server.keepAliveTimeout = options.keepAliveTimeoutMs;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
