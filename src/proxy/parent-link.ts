import type { Bootstrap, ProxyEvent, ProxyOrder } from "./bootstrap.ts";
import { readBootstrap } from "./read-bootstrap.ts";
import { LineSplitter } from "./workers/line-splitter.ts";
import { type RelayLine, readRelayLine, relayLine } from "./workers/relay-line.ts";

/** What a proxy process hears from its parent and tells it, line by line. */
export class ParentLink {
  /** Resolves when the input ends: the parent is gone. */
  readonly gone: Promise<void>;
  readonly #output: (line: string) => void;
  readonly #first = Promise.withResolvers<string>();
  #hasFirst = false;
  #onOrder: ((order: ProxyOrder) => void) | undefined;
  #onRelay: ((line: RelayLine) => void) | undefined;
  #isGone = false;
  /** What came before somebody listened. */
  #early: string[] = [];

  constructor(input: AsyncIterable<Uint8Array>, write: (line: string) => void) {
    this.#output = write;
    this.gone = this.#read(input).then(() => {
      this.#isGone = true;
    });
  }

  /** Throws BootstrapError when the first line is none. */
  async bootstrap(): Promise<Bootstrap> {
    return readBootstrap(await this.#first.promise);
  }

  say(event: ProxyEvent): void {
    this.#write(`${JSON.stringify(event)}\n`);
  }

  /** To another worker of the same proxy; undefined: to all others. */
  relay(worker: number | undefined, body: string): void {
    this.#write(relayLine(worker, body));
  }

  onRelay(callback: (line: RelayLine) => void): void {
    this.#onRelay = callback;
  }

  /** Gives everything that came so far and that comes to the listeners. */
  listen(onOrder: (order: ProxyOrder) => void): void {
    this.#onOrder = onOrder;
    const early = this.#early;
    this.#early = [];
    for (const line of early) this.#take(line);
  }

  async #read(input: AsyncIterable<Uint8Array>): Promise<void> {
    const lines = new LineSplitter();
    for await (const bytes of input) for (const line of lines.push(bytes)) this.#take(line);
    this.#first.resolve(lines.rest);
  }

  /** Nobody reads it once the parent is gone. */
  #write(line: string): void {
    if (!this.#isGone) this.#output(line);
  }

  #take(line: string): void {
    if (!this.#hasFirst) {
      this.#hasFirst = true;
      this.#first.resolve(line);
    } else if (this.#onOrder === undefined) this.#early.push(line);
    else this.#obey(line, this.#onOrder);
  }

  #obey(line: string, onOrder: (order: ProxyOrder) => void): void {
    const relayed = readRelayLine(line);
    if (relayed !== undefined) this.#onRelay?.(relayed);
    else {
      const order = readOrder(line);
      if (order !== undefined) onOrder(order);
    }
  }
}

function readOrder(line: string): ProxyOrder | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isOrder = typeof value === "object" && value !== null && "order" in value;
    return isOrder ? (value as ProxyOrder) : undefined;
  } catch {
    return undefined; // not for us: a parent of another version
  }
}
