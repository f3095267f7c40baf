// Envoy's binary, where the tests have it from.
import { join } from "node:path";

type Found = { readonly path: string } | { readonly obstacle: string };
interface EnvoyScript {
  provideEnvoy(say: (line: string) => void): Found;
}

const module = join(import.meta.dir, "../../scripts/envoy.mjs");
const script: EnvoyScript = await import(module);
let found: Found | undefined;

/** Fetches it where it is missing. Returns why it cannot be had, or undefined. */
export function provideEnvoy(say: (line: string) => void): string | undefined {
  found ??= script.provideEnvoy(say);
  return "obstacle" in found ? found.obstacle : undefined;
}

/** The path to start it by. Throws when `provideEnvoy` has not found one. */
export function envoyProgram(): string {
  if (found === undefined || "obstacle" in found) throw new Error("there is no Envoy here");
  return found.path;
}
