const utf8 = new TextEncoder();

/** Builds one message. Fields that are undefined, and scalars that are zero, are left out, as protobuf 3 does. */
export class WireWriter {
  readonly #chunks: Uint8Array[] = [];

  text(number: number, value: unknown): this {
    return typeof value === "string" && value !== ""
      ? this.#bytes(number, utf8.encode(value))
      : this;
  }

  texts(number: number, values: unknown): this {
    if (Array.isArray(values))
      for (const value of values) this.#bytes(number, utf8.encode(String(value)));
    return this;
  }

  flag(number: number, value: unknown): this {
    if (value === true) this.#push(varint(number * 8), Uint8Array.of(1));
    return this;
  }

  whole(number: number, value: unknown): this {
    if (typeof value === "number" && value !== 0)
      this.#push(varint(number * 8), bigVarint(BigInt.asUintN(64, BigInt(value))));
    return this;
  }

  real(number: number, value: unknown): this {
    if (typeof value !== "number" || value === 0) return this;
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    this.#push(varint(number * 8 + 1), bytes);
    return this;
  }

  message(number: number, value: WireWriter | undefined): this {
    return value === undefined ? this : this.#bytes(number, value.finish());
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }

  #bytes(number: number, bytes: Uint8Array): this {
    this.#push(varint(number * 8 + 2), varint(bytes.length), bytes);
    return this;
  }

  #push(...chunks: readonly Uint8Array[]): void {
    this.#chunks.push(...chunks);
  }
}

function varint(value: number): Uint8Array {
  return bigVarint(BigInt(value));
}

function bigVarint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Uint8Array.from([...bytes, Number(rest)]);
}
