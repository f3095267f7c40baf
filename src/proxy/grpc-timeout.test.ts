import { expect, test } from "bun:test";
import { grpcTimeoutMs } from "./grpc-timeout.ts";

test.each([
  ["1H", 3_600_000],
  ["2M", 120_000],
  ["3S", 3_000],
  ["99999999m", 99_999_999],
  ["1500u", 1.5],
  ["1000000n", 1],
  ["0S", 0],
])("%s is %d ms", (field, ms) => {
  expect(grpcTimeoutMs(field)).toBeCloseTo(ms, 9);
});

test.each([undefined, "", "S", "1", "1s", "1 S", "-1S", "1.5S", "123456789S", "1S,2S", "0x1S"])(
  "%p says nothing",
  (field) => {
    expect(grpcTimeoutMs(field)).toBeUndefined();
  },
);
