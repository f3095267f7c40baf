import { closeSync, openSync, write } from "node:fs";

/**
 * Appends lines to a file in batches, without ever waiting for the disk: when it cannot keep up, lines are dropped and
 * counted instead of held without bound.
 */
export interface LineWriter extends AsyncDisposable {
  /** One or more whole lines, in ASCII. */
  write(lines: string): void;
  /** Closes the file and opens its path anew (after a rotation). Throws what the file system throws. */
  reopen(): void;
  /** Resolves when everything that was written so far has been handed to the kernel. */
  flush(): Promise<void>;
  readonly droppedLines: number;
}

export interface LineWriterOptions {
  readonly path: string;
  /** A batch is written when it is this long, or this old. */
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
  #filling: Buffer;
  #filled = 0;
  #spare: Buffer | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing = false;
  #idle: (() => void)[] = [];
  droppedLines = 0;

  constructor({ path, batchBytes, batchMs, pendingBytesMax }: LineWriterOptions) {
    this.#path = path;
    this.#batchBytes = batchBytes ?? 64 * 1024;
    this.#batchMs = batchMs ?? 500;
    this.#pendingBytesMax = pendingBytesMax ?? 8 * 1024 * 1024;
    this.#filling = Buffer.allocUnsafeSlow(BUFFER_BYTES);
    this.#fd = openSync(path, "a", 0o600);
  }

  write(lines: string): void {
    if (this.#filled + lines.length > this.#filling.length && !this.#grow(lines.length)) {
      this.droppedLines++;
      return;
    }
    this.#filled += this.#filling.write(lines, this.#filled, "latin1");
    if (this.#filled >= this.#batchBytes) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), this.#batchMs);
  }

  reopen(): void {
    const fresh = openSync(this.#path, "a", 0o600);
    const old = this.#fd;
    this.#fd = fresh;
    if (this.#writing) this.#idle.push(() => closeSync(old));
    else closeSync(old);
  }

  async flush(): Promise<void> {
    while (this.#filled > 0 || this.#writing) {
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

  /** False: the disk is too far behind. */
  #grow(bytes: number): boolean {
    const wanted = this.#filled + bytes;
    if (wanted > this.#pendingBytesMax) return false;
    const size = Math.min(this.#pendingBytesMax, Math.max(2 * this.#filling.length, wanted));
    const larger = Buffer.allocUnsafeSlow(size);
    this.#filling.copy(larger, 0, 0, this.#filled);
    this.#filling = larger;
    return true;
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#writing || this.#filled === 0) return;
    const bytes = this.#filling;
    const length = this.#filled;
    this.#filling = this.#spare ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
    this.#spare = undefined;
    this.#filled = 0;
    this.#writing = true;
    this.#writeFrom(bytes, 0, length);
  }

  #writeFrom(bytes: Buffer, offset: number, length: number): void {
    write(this.#fd, bytes, offset, length - offset, null, (error, written) => {
      if (!error && offset + written < length) {
        this.#writeFrom(bytes, offset + written, length);
        return;
      }
      if (error)
        this.droppedLines += bytes.toString("latin1", offset, length).split("\n").length - 1;
      this.#writing = false;
      if (bytes.length === BUFFER_BYTES) this.#spare = bytes; // one that had to grow is given back
      for (const waiting of this.#idle.splice(0)) waiting();
      if (this.#filled >= this.#batchBytes) this.#start();
    });
  }
}

const BUFFER_BYTES = 96 * 1024;
