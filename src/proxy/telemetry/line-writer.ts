import { closeSync, openSync, write } from "node:fs";

/**
 * Appends lines to a file in batches, without ever waiting for the disk: when it cannot keep up, lines are dropped and
 * counted instead of held without bound.
 */
export interface LineWriter extends AsyncDisposable {
  /** One or more whole lines. */
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

class FileLineWriter implements LineWriter {
  readonly #path: string;
  readonly #batchBytes: number;
  readonly #batchMs: number;
  readonly #pendingBytesMax: number;
  #fd: number;
  #batch = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing = false;
  #idle: (() => void)[] = [];
  droppedLines = 0;

  constructor({ path, batchBytes, batchMs, pendingBytesMax }: LineWriterOptions) {
    this.#path = path;
    this.#batchBytes = batchBytes ?? 64 * 1024;
    this.#batchMs = batchMs ?? 500;
    this.#pendingBytesMax = pendingBytesMax ?? 8 * 1024 * 1024;
    this.#fd = openSync(path, "a", 0o600);
  }

  write(lines: string): void {
    if (this.#batch.length + lines.length > this.#pendingBytesMax) {
      this.droppedLines++;
      return;
    }
    this.#batch += lines;
    if (this.#batch.length >= this.#batchBytes) this.#start();
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
    while (this.#batch !== "" || this.#writing) {
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
    if (this.#writing || this.#batch === "") return;
    const bytes = Buffer.from(this.#batch);
    this.#batch = "";
    this.#writing = true;
    this.#writeFrom(bytes, 0);
  }

  #writeFrom(bytes: Buffer, offset: number): void {
    write(this.#fd, bytes, offset, bytes.length - offset, null, (error, written) => {
      if (!error && offset + written < bytes.length) {
        this.#writeFrom(bytes, offset + written);
        return;
      }
      if (error)
        this.droppedLines += bytes.subarray(offset).toString("latin1").split("\n").length - 1;
      this.#writing = false;
      for (const waiting of this.#idle.splice(0)) waiting();
      if (this.#batch.length >= this.#batchBytes) this.#start();
    });
  }
}
