// Calls one address at a fixed rate for a while, every second request a POST that must not be repeated, and says how many
// were answered as they should be. Whatever else happens to a request is a failure: there are no second tries here.
// usage: steady-load.ts PORT RATE SECONDS CONNECTIONS → one line of JSON
import type { Socket } from "bun";

interface Result {
  sent: number;
  answered: number;
  failed: number;
  /** The first few, in words. */
  readonly failures: string[];
  /** Times that a connection was opened. */
  opened: number;
  slowestMs: number;
  /** From the first request to the last answer. */
  durationMs: number;
  /** From the moment at which a request was due. */
  p50Us: number;
  p99Us: number;
}

const BODY = "what must be done once";
const head = (line: string, more = "") => `${line} HTTP/1.1\r\nHost: load\r\n${more}\r\n`;
const GET = head("GET /");
const POST = head("POST /", `Content-Length: ${BODY.length}\r\n`) + BODY;

/** One request at a time on one connection, which is opened when there is none. */
class Line {
  readonly #port: number;
  readonly #result: Result;
  readonly #latenciesMs: number[];
  readonly #onFree: (line: Line) => void;
  #socket: Socket<undefined> | undefined;
  #dueMs = 0;
  #isBusy = false;
  #text = "";

  constructor(port: number, result: Result, latenciesMs: number[], onFree: (line: Line) => void) {
    this.#port = port;
    this.#result = result;
    this.#latenciesMs = latenciesMs;
    this.#onFree = onFree;
  }

  async send(request: string, dueMs: number): Promise<void> {
    this.#isBusy = true;
    this.#dueMs = dueMs;
    this.#text = "";
    try {
      this.#socket ??= await this.#open();
      this.#socket.write(request);
    } catch (cause) {
      this.#over(`no connection: ${cause}`);
    }
  }

  async #open(): Promise<Socket<undefined>> {
    this.#result.opened++;
    return await Bun.connect<undefined>({
      hostname: "127.0.0.1",
      port: this.#port,
      socket: {
        data: (socket, bytes) => this.#take(socket, bytes.toString("latin1")),
        close: (socket) => this.#gone(socket, "closed"),
        error: (socket, error) => this.#gone(socket, error.message),
      },
    });
  }

  #gone(socket: Socket<undefined>, why: string): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    if (this.#isBusy) this.#over(`${why} before the answer was whole: ${this.#text.slice(0, 200)}`);
  }

  #take(socket: Socket<undefined>, text: string): void {
    if (socket !== this.#socket) return;
    this.#text += text;
    const end = this.#text.indexOf("\r\n\r\n");
    if (end === -1) return;
    const answer = this.#text.slice(0, end).toLowerCase();
    const length = Number(/content-length: (\d+)/.exec(answer)?.[1]);
    if (this.#text.length < end + 4 + length) return;
    if (answer.includes("\r\nconnection: close")) {
      this.#socket = undefined;
      socket.end();
    }
    this.#over(answer.startsWith("http/1.1 200") ? undefined : this.#text.slice(0, 400));
  }

  #over(failure: string | undefined): void {
    this.#isBusy = false;
    const result = this.#result;
    if (failure === undefined) result.answered++;
    else if (++result.failed <= 5) result.failures.push(failure);
    this.#latenciesMs.push(performance.now() - this.#dueMs);
    this.#onFree(this);
  }
}

async function run(port: number, rate: number, seconds: number, connections: number) {
  const result: Result = {
    ...{ sent: 0, answered: 0, failed: 0, failures: [], opened: 0 },
    ...{ slowestMs: 0, durationMs: 0, p50Us: 0, p99Us: 0 },
  };
  const latenciesMs: number[] = [];
  const total = Math.round(rate * seconds);
  const done = Promise.withResolvers<void>();
  const free: Line[] = [];
  const startedMs = performance.now();
  const onFree = (line: Line) => {
    free.push(line);
    if (result.answered + result.failed === total) done.resolve();
  };
  for (let i = 0; i < connections; i++) free.push(new Line(port, result, latenciesMs, onFree));
  const timer = setInterval(() => {
    const due = Math.min(total, 1 + Math.floor(((performance.now() - startedMs) * rate) / 1_000));
    while (result.sent < due) {
      const line = free.shift(); // the one idle for longest, so that all of them are used
      if (line === undefined) return; // late, and counted as late
      const dueMs = startedMs + (result.sent * 1_000) / rate;
      void line.send(result.sent++ % 2 === 0 ? GET : POST, dueMs);
    }
  }, 1);
  await done.promise;
  result.durationMs = Math.round(performance.now() - startedMs);
  clearInterval(timer);
  latenciesMs.sort((one, other) => one - other);
  const at = (share: number): number =>
    latenciesMs[Math.floor(share * (latenciesMs.length - 1))] ?? 0;
  const us = (share: number): number => Math.round(at(share) * 1_000);
  return { ...result, slowestMs: Math.round(at(1)), p50Us: us(0.5), p99Us: us(0.99) };
}

const [port = 0, rate = 0, seconds = 0, connections = 0] = process.argv.slice(2).map(Number);
process.stdout.write(`${JSON.stringify(await run(port, rate, seconds, connections))}\n`);
process.exit(0);
