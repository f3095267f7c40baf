import type { Buffer } from "node:buffer";

/** Node's and Bun's buffers have these; their types do not tell. Twice as fast as `toString`/`write` on short texts. */
interface Latin1Buffer {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, offset: number, length: number): number;
}

export function latin1Slice(bytes: Buffer, start: number, end: number): string {
  return (bytes as unknown as Latin1Buffer).latin1Slice(start, end);
}

/** Characters above 255 lose their high bits, so texts are checked before they come here. */
export function latin1Write(bytes: Buffer, text: string, offset: number): number {
  return (bytes as unknown as Latin1Buffer).latin1Write(text, offset, text.length);
}
