import { expect, test } from "bun:test";
import fc from "fast-check";
import { ByteWriter } from "#wire/http1/byte-writer.ts";
import { RecordIds } from "./record-ids.ts";

test("ids count up behind what stands for the process", () => {
  const ids = new RecordIds(() => 0.5);
  expect(ids.text(ids.next())).toMatch(/^[0-9a-z]{7}-1$/);
  expect(ids.text(ids.next())).toEndWith("-2");
  expect(new RecordIds(() => 0).text(36)).toBe("0000000-10");
});

test("what is written is the text", () => {
  const ids = new RecordIds(() => 0.25);
  fc.assert(
    fc.property(fc.maxSafeNat(), (count) => {
      const out = new ByteWriter(4);
      ids.write(out, count);
      expect(out.view().toString("latin1")).toBe(ids.text(count));
    }),
  );
});
