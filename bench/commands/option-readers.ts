import { InvalidArgumentError } from "commander";

/** A whole number from 1 on. */
export function count(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("expected a whole number from 1 on");
}

/** A whole number from 0 on. */
export function countOrNone(text: string): number {
  return text === "0" ? 0 : count(text);
}

/** Some of the known names, separated by commas. */
export function listOf<Name extends string>(known: readonly Name[]) {
  return (text: string): readonly Name[] =>
    text.split(",").map((word) => {
      const found = known.find((name) => name === word);
      if (found === undefined)
        throw new InvalidArgumentError(`"${word}" is none of ${known.join(", ")}`);
      return found;
    });
}
