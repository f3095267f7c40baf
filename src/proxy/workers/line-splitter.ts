/** Lines of a stream of bytes, however it is cut. A long line costs no more than its length. */
export class LineSplitter {
  readonly #decoder = new TextDecoder();
  #parts: string[] = [];

  /** What has come of a line that is not whole yet. */
  get rest(): string {
    return this.#parts.join("");
  }

  /** The lines that are whole now, without their ends. */
  push(bytes: Uint8Array): readonly string[] {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (!text.includes("\n")) {
      this.#parts.push(text);
      return [];
    }
    const lines = (this.#parts.join("") + text).split("\n");
    this.#parts = [lines.pop() ?? ""];
    return lines;
  }
}
