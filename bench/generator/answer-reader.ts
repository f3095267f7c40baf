const HEAD_BYTES_MAX = 16_384;

/** Counts one connection's answers to GET requests that wait for each other; refuses what the generator does not expect. */
export class AnswerReader {
  #head = "";
  /** Octets of the body still to come; -1 while in the head. */
  #left = -1;

  /** Takes the first `count` octets; true when they end the answer. Throws unless it is a 200 with a Content-Length. */
  take(octets: Buffer, count: number): boolean {
    if (this.#left < 0) {
      this.#head += octets.toString("latin1", 0, count);
      const end = this.#head.indexOf("\r\n\r\n");
      if (end < 0) {
        if (this.#head.length > HEAD_BYTES_MAX) throw new Error("the answer's head does not end");
        return false;
      }
      this.#left = bodyBytes(this.#head.slice(0, end)) - (this.#head.length - end - 4);
      this.#head = "";
    } else {
      this.#left -= count;
    }
    if (this.#left < 0) throw new Error("more octets than the answer has");
    if (this.#left > 0) return false;
    this.#left = -1;
    return true;
  }
}

function bodyBytes(head: string): number {
  if (!/^HTTP\/1\.1 200 /.test(head)) throw new Error(`an answer of "${head.split("\r\n")[0]}"`);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error("an answer without a Content-Length");
  return Number(length);
}
