// Requests at a fixed rate on a few connections, every second one a POST that must not be repeated. Whatever else happens to a
// request than the answer that it should have is a failure: there are no second tries here.
import type { Socket } from "bun";
import type { LoadResult } from "./steady-load.ts";

type Result = { -readonly [Key in keyof LoadResult]: LoadResult[Key] } & { failures: string[] };

const BODY = "what must be done once";
const head = (line: string, more = "") => `${line} HTTP/1.1\r\nHost: load\r\n${more}\r\n`;
const GET = head("GET /");
const POST = head("POST /", `Content-Length: ${BODY.length}\r\n`) + BODY;

/** What the lines of one run come to. */
interface Run {
  readonly result: Result;
  readonly latenciesMs: number[];
  readonly free: Line[];
  onOver(): void;
}

/** One request at a time on one connection, which is opened when there is none. */
class Line {
  readonly #port: number;
  #run: Run | undefined;
  #socket: Socket<undefined> | undefined;
  #dueMs = 0;
  #isBusy = false;
  #text = "";

  constructor(port: number) {
    this.#port = port;
  }

  async send(run: Run, request: string, dueMs: number): Promise<void> {
    this.#run = run;
    this.#isBusy = true;
    this.#dueMs = dueMs;
    this.#text = "";
    try {
      this.#socket ??= await this.#open(run);
      this.#socket.write(request);
    } catch (cause) {
      this.#over(`no connection: ${cause}`);
    }
  }

  async #open({ result }: Run): Promise<Socket<undefined>> {
    result.opened++;
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
    const run = this.#run;
    if (run === undefined) return;
    const { result, latenciesMs, free } = run;
    if (failure === undefined) result.answered++;
    else if (++result.failed <= 5) result.failures.push(failure);
    latenciesMs.push(performance.now() - this.#dueMs);
    free.push(this);
    run.onOver();
  }
}

/** Connections that stay open from one run to the next. */
export class SteadyLines {
  /** Of the last run, from the shortest to the longest. */
  latenciesMs: readonly number[] = [];
  readonly #lines: readonly Line[];

  /** To a port of this host. */
  constructor(port: number, connections: number) {
    this.#lines = Array.from({ length: connections }, () => new Line(port));
  }

  /** One run at a time. */
  async run(rate: number, seconds: number): Promise<LoadResult> {
    const result: Result = {
      ...{ sent: 0, answered: 0, failed: 0, failures: [], opened: 0 },
      ...{ slowestMs: 0, durationMs: 0, p50Us: 0, p99Us: 0 },
    };
    const total = Math.round(rate * seconds);
    const done = Promise.withResolvers<void>();
    const onOver = () => {
      if (result.answered + result.failed === total) done.resolve();
    };
    const latenciesMs: number[] = [];
    const run: Run = { result, latenciesMs, free: [...this.#lines], onOver };
    const startedMs = performance.now();
    const timer = setInterval(() => {
      const due = Math.min(total, 1 + Math.floor(((performance.now() - startedMs) * rate) / 1_000));
      while (result.sent < due) {
        const line = run.free.shift(); // the one idle for longest, so that all of them are used
        if (line === undefined) return; // late, and counted as late
        const dueMs = startedMs + (result.sent * 1_000) / rate;
        void line.send(run, result.sent++ % 2 === 0 ? GET : POST, dueMs);
      }
    }, 1);
    await done.promise;
    result.durationMs = Math.round(performance.now() - startedMs);
    clearInterval(timer);
    latenciesMs.sort((one, other) => one - other);
    this.latenciesMs = latenciesMs;
    const at = (share: number): number =>
      latenciesMs[Math.floor(share * (latenciesMs.length - 1))] ?? 0;
    const us = (share: number): number => Math.round(at(share) * 1_000);
    return { ...result, slowestMs: Math.round(at(1)), p50Us: us(0.5), p99Us: us(0.99) };
  }
}
