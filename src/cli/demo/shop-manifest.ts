import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** One process of the sample shop. */
export interface ShopWorkload {
  readonly name: string;
  readonly version?: string;
  /** The service's port; absent for one that only calls. */
  readonly servicePort?: number;
  readonly command: readonly string[];
}

/** Where the shop is in this installation. */
export const shopDirectory = fileURLToPath(new URL("../../../examples/shop/", import.meta.url));

/** Throws what the file system throws: the file is part of the installation. */
export function readShop(): readonly ShopWorkload[] {
  const text = readFileSync(join(shopDirectory, "workloads.json"), "utf8");
  return JSON.parse(text) as readonly ShopWorkload[];
}

/** The command line with our own Bun for `bun`; undefined when its language is not on this machine. */
export function resolveCommand([program = "", ...args]: readonly string[]):
  | readonly string[]
  | undefined {
  if (program === "bun") return [process.execPath, ...args];
  const found = Bun.which(program);
  return found === null ? undefined : [found, ...args];
}
