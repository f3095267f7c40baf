import { eventually } from "../eventually.ts";
import { AttackSocket } from "./attack-socket.ts";

const GET = "GET / HTTP/1.1\r\nHost: bystander\r\n\r\n";
const PAUSE_MS = 4;
const SOME = 20;
const STUCK_MS = 10_000;

/** Clients who behave: one request after the other on connections that they keep. */
export class Bystanders implements AsyncDisposable {
  answered = 0;
  readonly failures: string[] = [];
  readonly #port: number;
  readonly #running: Promise<unknown>;
  #isOver = false;

  constructor(port: number, connections: number) {
    this.#port = port;
    this.#running = Promise.all(Array.from({ length: connections }, () => this.#go()));
  }

  /** Resolves when some were answered since `answered` was so many. */
  async goOn(answeredBefore: number): Promise<void> {
    await eventually(() => this.answered > answeredBefore + SOME || this.failures.length > 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #go(): Promise<void> {
    while (!this.#isOver) {
      try {
        const socket = await AttackSocket.open({ host: "127.0.0.1", port: this.#port }, "http1");
        await this.#use(socket);
        socket.destroy();
      } catch (cause) {
        this.failures.push(`no connection: ${cause}`);
      }
    }
  }

  async #use(socket: AttackSocket): Promise<void> {
    for (let asked = 1; !this.#isOver; asked++) {
      await socket.send(GET);
      const isAnswered = (): boolean => socket.words.counts.get("HTTP 200") === asked;
      const until = performance.now() + STUCK_MS;
      while (!isAnswered() && !socket.isClosed && performance.now() < until)
        await Promise.race([Bun.sleep(1), socket.closed]);
      if (!isAnswered()) {
        this.failures.push(`request ${asked}: ${JSON.stringify([...socket.words.counts])}`);
        return;
      }
      this.answered++;
      await Bun.sleep(PAUSE_MS);
    }
  }
}
