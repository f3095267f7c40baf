import { connect, type Socket } from "node:net";

export interface LineAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One connection that is kept for one request after the other, so that a test knows which process serves it. */
export interface HttpLine extends Disposable {
  /** False when the other side has ended it. */
  readonly isOpen: boolean;
  /** Rejects when the connection ends before the answer is whole. */
  send(path: string, headers?: Readonly<Record<string, string>>): Promise<LineAnswer>;
}

/** Rejects when the connection is refused. */
export async function openHttpLine(port: number): Promise<HttpLine> {
  const socket = connect(port, "127.0.0.1");
  const opened = Promise.withResolvers<void>();
  socket.once("connect", () => opened.resolve()).once("error", opened.reject);
  await opened.promise;
  return new SocketLine(socket);
}

class SocketLine implements HttpLine {
  readonly #socket: Socket;
  #text = "";
  #waiting: PromiseWithResolvers<LineAnswer> | undefined;
  isOpen = true;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#take(text));
    socket.on("error", (cause) => this.#over(cause.message));
    socket.on("end", () => this.#over("ended"));
    socket.on("close", () => this.#over("closed"));
  }

  send(path: string, headers: Readonly<Record<string, string>> = {}): Promise<LineAnswer> {
    const waiting = Promise.withResolvers<LineAnswer>();
    this.#waiting = waiting;
    this.#text = "";
    if (!this.isOpen) this.#over("closed before");
    const fields = Object.entries({ host: "line", ...headers });
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
    this.#socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
    return waiting.promise;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#text += text;
    const end = this.#text.indexOf("\r\n\r\n");
    if (end === -1) return;
    const [first = "", ...fields] = this.#text.slice(0, end).split("\r\n");
    const headers = Object.fromEntries(
      fields.map((field) => {
        const colon = field.indexOf(":");
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
      }),
    );
    const body = this.#text.slice(end + 4);
    if (body.length < Number(headers["content-length"] ?? 0)) return;
    this.#waiting?.resolve({ status: Number(first.split(" ")[1]), headers, body });
    this.#waiting = undefined;
  }

  #over(why: string): void {
    this.isOpen = false;
    this.#socket.destroy();
    this.#waiting?.reject(new Error(`the connection ended: ${why}; so far: ${this.#text}`));
    this.#waiting = undefined;
  }
}
