import { homedir } from "node:os";
import { join } from "node:path";

/** All that Weft takes from the process environment, read once by `main.ts`. */
export interface Environment {
  /** Weft's own version. */
  readonly version: string;
  /** Where state lives unless `--data-dir` says otherwise: `WEFT_DATA_DIR`, else `~/.weft`. */
  readonly dataDir: string;
  /**
   * The proxy variables that the user had set. They are gone from our own process, since control-plane calls must not
   * leave by a proxy; a command that starts the user's program may hand them on.
   */
  readonly userProxy: Readonly<Record<string, string>>;
}

const PROXY_VARIABLE = /^(https?|all|grpc|no|no_grpc)_proxy$/i;

/** Reads the environment and takes the proxy variables out of `env`. */
export function takeEnvironment(
  env: Record<string, string | undefined>,
  version: string,
): Environment {
  const userProxy: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !PROXY_VARIABLE.test(name)) continue;
    userProxy[name] = value;
    delete env[name];
  }
  return {
    version,
    dataDir: env.WEFT_DATA_DIR || join(homedir(), ".weft"),
    userProxy,
  };
}
