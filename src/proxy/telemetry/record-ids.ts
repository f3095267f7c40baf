import type { ByteWriter } from "#wire/http1/byte-writer.ts";

/** What `id` of `weft-error` and `record_id` of the access log say: `<process>-<count>`, both in base 36. */
export class RecordIds {
  readonly #prefix: string;
  #count = 0;

  /** `random`: [0, 1). Unique within the fleet for all practical purposes. */
  constructor(random: () => number) {
    const process = Math.floor(random() * 36 ** 7)
      .toString(36)
      .padStart(7, "0");
    this.#prefix = `${process}-`;
  }

  next(): number {
    return ++this.#count;
  }

  text(count: number): string {
    return this.#prefix + count.toString(36);
  }

  /** The same without making a string. */
  write(out: ByteWriter, count: number): void {
    out.text(this.#prefix);
    let digits = 1;
    for (let rest = count; rest >= 36; rest = Math.floor(rest / 36)) digits++;
    let at = out.claim(digits) + digits;
    for (let rest = count; digits > 0; digits--) {
      const next = Math.floor(rest / 36);
      const digit = rest - next * 36;
      out.bytes[--at] = digit < 10 ? 0x30 + digit : 0x57 + digit;
      rest = next;
    }
  }
}
