import { connect, createServer, type Server, type Socket } from "node:net";
import { HANDLERS, type NativeReceiver, type NativeSocket, takeFrom } from "./native-socket.ts";

/** Far more than the few milliseconds that it takes; a runtime that does not answer by then is another one. */
const DEADLINE_MS = 1000;

/**
 * Whether this runtime's sockets can be used below its node streams: tries a connection within this process, bytes and
 * half-close in both directions. What cannot be told counts as no.
 */
export async function nativeSocketsWork(): Promise<boolean> {
  const server = createServer({ allowHalfOpen: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, DEADLINE_MS, false);
  });
  try {
    return await Promise.race([conversation(server), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    server.close();
  }
}

/** The server echoes in capitals, first of what came, then of what came after our side had ended. */
async function conversation(server: Server): Promise<boolean> {
  await once((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (typeof address !== "object" || address === null) return false;
  server.on("connection", (peer) => {
    peer.on("error", () => peer.destroy());
    peer.on("data", (bytes) => peer.write(String(bytes).toUpperCase()));
    peer.on("end", () => peer.end("BYE"));
  });
  const { port } = address;
  const stream = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  stream.pause();
  await once((done) => stream.once("connect", done).once("error", done));
  try {
    return await isUnderstood(stream);
  } finally {
    stream.destroy();
  }
}

async function isUnderstood(stream: Socket): Promise<boolean> {
  const taken = takeFrom(stream);
  if (taken === undefined || taken.early !== undefined || taken.socket.fd < 0) return false;
  const { socket } = taken;
  const answer = new Answer();
  socket.data = answer;
  socket.reload({ socket: HANDLERS });
  if (socket.write(Buffer.from("hello")) !== 5) return false;
  socket.resume();
  await answer.heard("HELLO");
  socket.shutdown();
  await answer.over;
  return answer.text === "HELLOBYE" && answer.cause === undefined && isClosed(socket);
}

const isClosed = (socket: NativeSocket): boolean => socket.fd < 0;

const once = (start: (done: () => void) => unknown): Promise<void> =>
  new Promise((resolve) => {
    start(resolve);
  });

class Answer implements NativeReceiver {
  text = "";
  cause: Error | undefined;
  readonly #over = Promise.withResolvers<void>();
  readonly over = this.#over.promise;
  #wait: { readonly text: string; readonly done: () => void } | undefined;

  heard(text: string): Promise<void> {
    return once((done) => {
      this.#wait = { text, done };
    });
  }

  receive(bytes: Buffer): void {
    this.text += String(bytes);
    if (this.text === this.#wait?.text) this.#wait.done();
  }

  receiveEnd(): void {}

  drained(): void {}

  gone(cause: Error | undefined): void {
    this.cause = cause;
    this.#over.resolve();
  }
}
