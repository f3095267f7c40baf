import { createConnection, type Socket } from "node:net";

/** A client whose every byte the test decides, and all that it was told. */
export interface RawClient extends Disposable {
  readonly socket: Socket;
  /** As latin1. */
  readonly text: string;
  /** The other side has said its last, in good order. */
  readonly hasEnded: boolean;
  send(text: string): void;
}

export function rawClient(port: number): Promise<RawClient> {
  const socket = createConnection({ port, host: "127.0.0.1", allowHalfOpen: true });
  const client = {
    socket,
    text: "",
    hasEnded: false,
    send: (text: string) => void socket.write(Buffer.from(text, "latin1")),
    [Symbol.dispose]: () => void socket.destroy(),
  };
  socket.on("data", (bytes: Buffer) => {
    client.text += bytes.toString("latin1");
  });
  socket.on("end", () => {
    client.hasEnded = true;
  });
  socket.on("error", () => undefined);
  return new Promise((resolve) => socket.on("connect", () => resolve(client)));
}
