/** Payloads and representations as bytes, also such as no honest client would send. */

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** The payload of PRIORITY. Weights are from 1 to 256. */
export function priorityPayload(dependsOn: number, weight = 16, isExclusive = false): Buffer {
  const word = isExclusive ? (dependsOn | 0x8000_0000) >>> 0 : dependsOn;
  return Buffer.concat([uint32(word), Buffer.of(weight - 1)]);
}

/** With so many bytes of padding behind it. */
export function padded(payload: Uint8Array, padding: number): Buffer {
  return Buffer.concat([Buffer.of(padding), payload, Buffer.alloc(padding)]);
}

/** A DATA or HEADERS payload that says it is all padding, and more. */
export function overPadded(payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(payload.length + 1), payload]);
}

/** An integer of HPACK (RFC 7541 section 5.1) over the low bits of `first`. */
export function integer(prefixBits: number, first: number, value: number): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.of(first | value);
  const bytes = [first | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

export function plainText(text: string): Buffer {
  return Buffer.concat([integer(7, 0, text.length), Buffer.from(text, "latin1")]);
}

function huffmanText(hex: string): Buffer {
  const bytes = Buffer.from(hex, "hex");
  return Buffer.concat([integer(7, 0x80, bytes.length), bytes]);
}

/** `custom-key` and `custom-value` in Huffman's code, as RFC 7541 appendix C.6 and C.4 have them. */
export const CODED_NAME: Buffer = huffmanText("25a849e95ba97d7f");
export const CODED_VALUE: Buffer = huffmanText("25a849e95bb8e8b4bf");
