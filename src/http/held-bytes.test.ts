import { expect, test } from "bun:test";
import fc from "fast-check";
import { HeldBytes } from "./held-bytes.ts";

test("what is taken is what was appended, and the pieces themselves are left alone", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 6 })),
      (batches) => {
        const held = new HeldBytes();
        for (const batch of batches) {
          const pieces = batch.map((bytes) => Buffer.from(bytes));
          for (const piece of pieces) held.append(piece);
          const whole = Buffer.concat(batch);
          expect(held.length).toBe(whole.length);
          expect(Buffer.from(held.take() ?? []).equals(whole)).toBe(true);
          for (const [i, piece] of pieces.entries())
            expect(piece.equals(Buffer.from(batch[i] ?? []))).toBe(true);
          expect(held.length).toBe(0);
        }
      },
    ),
  );
});
