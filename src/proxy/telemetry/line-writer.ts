import { closeSync, openSync, write } from "node:fs";
import { ByteWriter } from "#wire/http1/byte-writer.ts";

/** Takes lines. Never throws. */
export interface LineSink {
  /** One or more whole lines, in ASCII. */
  write(lines: string): void;
  /** What a line is to be written into, with its ending, before `endLine` is called in the same turn. */
  beginLine(): ByteWriter;
  endLine(): void;
}

/**
 * Appends lines to a file in batches, without ever waiting for the disk: when it cannot keep up, lines are dropped and
 * counted instead of held without bound.
 */
export interface LineWriter extends LineSink, AsyncDisposable {
  /** Closes the file and opens its path anew (after a rotation). Throws what the file system throws. */
  reopen(): void;
  /** Resolves when everything that was written so far has been handed to the kernel. */
  flush(): Promise<void>;
  readonly droppedLines: number;
}

export interface LineWriterOptions {
  readonly path: string;
  /** A batch is written when it is this long, or this old; each wakes another thread. */
  readonly batchBytes?: number;
  readonly batchMs?: number;
  /** Most that waits for a slow disk. */
  readonly pendingBytesMax?: number;
}

/** Throws what the file system throws when the file cannot be opened. */
export function openLineWriter(options: LineWriterOptions): LineWriter {
  return new FileLineWriter(options);
}

/**
 * Lines are copied into one of two buffers as they come; while one is written, the other fills. No string of a whole batch
 * is ever made.
 */
class FileLineWriter implements LineWriter {
  readonly #path: string;
  readonly #batchBytes: number;
  readonly #batchMs: number;
  readonly #pendingBytesMax: number;
  #fd: number;
  #filling: ByteWriter;
  #lineAt = 0;
  #spare: ByteWriter | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing = false;
  #idle: (() => void)[] = [];
  droppedLines = 0;

  constructor({ path, batchBytes, batchMs, pendingBytesMax }: LineWriterOptions) {
    this.#path = path;
    this.#batchBytes = batchBytes ?? 256 * 1024;
    this.#batchMs = batchMs ?? 500;
    this.#pendingBytesMax = pendingBytesMax ?? 8 * 1024 * 1024;
    this.#filling = new ByteWriter(BUFFER_BYTES);
    this.#fd = openSync(path, "a", 0o600);
  }

  write(lines: string): void {
    this.beginLine().text(lines);
    this.endLine();
  }

  beginLine(): ByteWriter {
    this.#lineAt = this.#filling.length;
    return this.#filling;
  }

  endLine(): void {
    const filling = this.#filling;
    if (filling.length > this.#pendingBytesMax) {
      filling.length = this.#lineAt; // the disk is too far behind
      this.droppedLines++;
    } else if (filling.length >= this.#batchBytes) this.#start();
    else if (this.#timer === undefined) this.#startLater();
  }

  #startLater(): void {
    this.#timer = setTimeout(() => this.#start(), this.#batchMs);
  }

  reopen(): void {
    const fresh = openSync(this.#path, "a", 0o600);
    const old = this.#fd;
    this.#fd = fresh;
    if (this.#writing) this.#idle.push(() => closeSync(old));
    else closeSync(old);
  }

  async flush(): Promise<void> {
    while (this.#filling.length > 0 || this.#writing) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#idle.push(resolve);
      this.#start();
      await promise;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
    clearTimeout(this.#timer);
    closeSync(this.#fd);
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#filling;
    if (this.#writing || batch.length === 0) return;
    this.#filling = this.#spare ?? new ByteWriter(BUFFER_BYTES);
    this.#spare = undefined;
    this.#writing = true;
    this.#writeFrom(batch, 0);
  }

  #writeFrom(batch: ByteWriter, offset: number): void {
    const { bytes, length } = batch;
    write(this.#fd, bytes, offset, length - offset, null, (error, written) => {
      if (!error && offset + written < length) {
        this.#writeFrom(batch, offset + written);
        return;
      }
      if (error)
        this.droppedLines += bytes.toString("latin1", offset, length).split("\n").length - 1;
      this.#writing = false;
      batch.clear();
      if (bytes.length === BUFFER_BYTES) this.#spare = batch; // one that had to grow is given back
      for (const waiting of this.#idle.splice(0)) waiting();
      if (this.#filling.length >= this.#batchBytes) this.#start();
    });
  }
}

/** A batch, and what comes while it is handed over. */
const BUFFER_BYTES = 288 * 1024;
