import { type AddressInfo, createServer, type Socket } from "node:net";

/** A TCP server of the test's own process whose every byte the test decides. */
export interface RawServer extends AsyncDisposable {
  readonly port: number;
  connections: number;
}

/** `serve` gets each connection with its number, counted from 1. */
export async function rawServer(
  serve: (socket: Socket, connection: number) => void,
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const raw = {
    port: 0,
    connections: 0,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
    serve(socket, ++raw.connections);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  raw.port = (server.address() as AddressInfo).port;
  return raw;
}

/** Calls back for each whole request head that arrives (requests without bodies). */
export function onHeads(socket: Socket, callback: (head: string) => void): void {
  let text = "";
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
    for (let at = text.indexOf("\r\n\r\n"); at !== -1; at = text.indexOf("\r\n\r\n")) {
      const head = text.slice(0, at + 4);
      text = text.slice(at + 4);
      callback(head);
    }
  });
}

export const OK = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n";
