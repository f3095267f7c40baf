import { expect, test } from "bun:test";
import { flushAtEndOfTurn, settleAfterFlush, turnEnded } from "./flush-turn.ts";

function notes() {
  const said: string[] = [];
  const flushing = (name: string, then?: () => void) => ({
    flush: () => {
      said.push(`flush ${name}`);
      then?.();
    },
  });
  const settling = (name: string) => ({ settle: () => said.push(`settle ${name}`) });
  return { said, flushing, settling };
}

test("what is over is settled when everything was handed over, in order", async () => {
  const { said, flushing, settling } = notes();
  settleAfterFlush(settling("a"));
  flushAtEndOfTurn(flushing("b"));
  settleAfterFlush(settling("c"));
  await turnEnded();
  expect(said).toEqual(["flush b", "settle a", "settle c"]);
});

test("what ends while its turn is flushed is settled in this turn; what is to be flushed then, in the next", async () => {
  const { said, flushing, settling } = notes();
  const last = flushing("last");
  flushAtEndOfTurn(
    flushing("first", () => {
      settleAfterFlush(settling("of first"));
      flushAtEndOfTurn(last);
    }),
  );
  await turnEnded();
  expect(said).toEqual(["flush first", "settle of first"]);
  await turnEnded();
  expect(said.at(-1)).toBe("flush last");
});

test("what is over is settled when nothing is to be flushed", async () => {
  const { said, settling } = notes();
  settleAfterFlush(settling("a"));
  await turnEnded();
  queueMicrotask(() => settleAfterFlush(settling("b")));
  await Promise.resolve();
  await turnEnded();
  expect(said).toEqual(["settle a", "settle b"]);
});
