import { expect, test } from "bun:test";
import { failuresOf } from "./failed-tests.mjs";

const OUTPUT = `
src/a.test.ts:
(pass) one [1ms]
what the second one says

error: expected 1
(fail) two [2ms]
(pass) three [1ms]

src/b.test.ts:
error: expected 2
(fail) four [2ms]

 2 pass
 2 fail
`;

test("each failed test is told with its file and what it said", () => {
  expect(failuresOf(OUTPUT)).toEqual([
    "src/a.test.ts:\nwhat the second one says\nerror: expected 1\n(fail) two [2ms]",
    "src/b.test.ts:\nerror: expected 2\n(fail) four [2ms]",
  ]);
});

test("of another program its last words are told", () => {
  const said = Array.from({ length: 100 }, (_, index) => `line ${index}`).join("\n");
  const [told] = failuresOf(said);
  expect(told?.split("\n").length).toBe(41);
  expect(told).toEndWith("line 99");
});

test("of many failures the first are told and all are named", () => {
  const many = Array.from({ length: 20 }, (_, index) => `because ${index}\n(fail) ${index}`);
  const told = failuresOf(`x.test.ts:\n${many.join("\n")}\n`);
  expect(told.length).toBe(20);
  expect(told[0]).toContain("because 0");
  expect(told[19]).toBe("x.test.ts:\n(fail) 19");
});
