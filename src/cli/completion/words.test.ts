import { expect, test } from "bun:test";
import { commandTable } from "../command-table.ts";
import { takeEnvironment } from "../environment.ts";
import { completionWords } from "./words.ts";

const words = (...typed: string[]) => completionWords(typed, takeEnvironment({}, "1.0.0"));

test("the first word is a command", async () => {
  expect(await words("")).toEqual(commandTable.map((entry) => entry.name).sort());
  expect(await words("comp")).toEqual(["completion"]);
});

test("a dash asks for the command's options", async () => {
  expect(await words("version", "-")).toEqual(["--help", "--output"]);
});

test("an option that takes one of a few values offers them", async () => {
  expect(await words("version", "-o", "")).toEqual(["json", "text"]);
  expect(await words("version", "--output", "j")).toEqual(["json"]);
});

test("an argument that takes one of a few values offers them, and hidden commands stay hidden", async () => {
  expect(await words("completion", "")).toEqual(["bash", "fish", "zsh"]);
});

test("nothing is offered for an unknown command or behind --", async () => {
  expect(await words("nonsense", "")).toEqual([]);
  expect(await words("version", "--", "")).toEqual([]);
});
