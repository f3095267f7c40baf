import { attacks } from "./attacks.ts";
import type { BenchCommand } from "./bench-command.ts";
import { compare } from "./compare.ts";
import { propagation } from "./propagation.ts";

/** In the order of the help. `compare` is what runs without a name. */
export const benchCommands: readonly BenchCommand[] = [compare, propagation, attacks];

export const DEFAULT_COMMAND = compare.name;
