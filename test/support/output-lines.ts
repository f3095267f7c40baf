const DEFAULT_DEADLINE_MS = 10_000;

/** What a process has written so far, and a way to wait for a line of it. */
export class OutputLines {
  readonly #lines: string[] = [];
  readonly #waiters = new Set<() => void>();
  #partial = "";
  #ended = false;

  /** Reads a stream to its end. */
  async follow(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) this.#take(decoder.decode(chunk, { stream: true }));
    if (this.#partial !== "") this.#take("\n");
    this.#ended = true;
    this.#wake();
  }

  get text(): string {
    return [...this.#lines, this.#partial].join("\n");
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** The first line, past or future, that matches. Throws past the deadline and at the end of the output. */
  async line(pattern: RegExp, deadlineMs = DEFAULT_DEADLINE_MS): Promise<RegExpExecArray> {
    let next = 0;
    const until = performance.now() + deadlineMs;
    for (;;) {
      for (; next < this.#lines.length; next++) {
        const found = new RegExp(pattern.source, pattern.flags.replace("g", "")).exec(
          this.#lines[next] ?? "",
        );
        if (found !== null) return found;
      }
      const leftMs = until - performance.now();
      if (this.#ended) throw new Error(`the output ended without ${pattern}:\n${this.text}`);
      if (leftMs <= 0) throw new Error(`no ${pattern} within ${deadlineMs} ms:\n${this.text}`);
      await this.#news(leftMs);
    }
  }

  #take(text: string): void {
    const parts = (this.#partial + text).split("\n");
    this.#partial = parts.pop() ?? "";
    this.#lines.push(...parts);
    this.#wake();
  }

  #news(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      this.#waiters.add(wake);
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiters]) wake();
  }
}
