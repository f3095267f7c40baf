import { lookup } from "node:dns/promises";
import type { Resolve } from "./resolved-names.ts";

/** As the system resolves names. */
export const resolveByHost: Resolve = async (name) => {
  const found = await lookup(name, { all: true, order: "verbatim" });
  return found.map(({ address }) => address);
};
