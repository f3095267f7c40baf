// What an application's environment needs so that its plain HTTP calls go through its own proxy.
import { fileURLToPath } from "node:url";

export interface AppProxy {
  /** Loopback port of the HTTP proxy. */
  readonly port: number;
  readonly secret: string;
}

/** Never proxied: what is on this host is not in the mesh by that name. */
const noProxy = "localhost,127.0.0.1,::1";

const preload = fileURLToPath(new URL("./node-preload.cjs", import.meta.url));

/**
 * The variables to add to the application's environment. `HTTPS_PROXY` is left alone: what the application encrypts
 * itself is not for the mesh to see. Curl and many others read the lower-case form only.
 */
export function appEnvironment(
  inherited: Readonly<Record<string, string | undefined>>,
  proxy: AppProxy,
): Record<string, string> {
  const url = `http://weft:${proxy.secret}@127.0.0.1:${proxy.port}`;
  const exceptions = [noProxy, inherited.NO_PROXY ?? inherited.no_proxy ?? ""]
    .filter((part) => part !== "")
    .join(",");
  return {
    HTTP_PROXY: url,
    http_proxy: url,
    NO_PROXY: exceptions,
    no_proxy: exceptions,
    // Node 22.21 and 24 on obey the variables when told to; older ones get the preload, which does nothing on newer ones.
    NODE_USE_ENV_PROXY: "1",
    NODE_OPTIONS: joinOptions(inherited.NODE_OPTIONS, `--require=${quoteOption(preload)}`),
  };
}

const joinOptions = (inherited: string | undefined, option: string): string =>
  inherited === undefined || inherited === "" ? option : `${inherited} ${option}`;

/** Node splits `NODE_OPTIONS` at spaces outside double quotes. */
const quoteOption = (path: string): string =>
  path.includes(" ") ? `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"` : path;
