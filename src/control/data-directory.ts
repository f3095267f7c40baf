// Names of what a control plane keeps in its data directory, for itself and for the commands of the same user.
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SocketAddress } from "#config/cluster.ts";

export interface DataDirectory {
  readonly path: string;
  readonly store: string;
  readonly ca: string;
  readonly tokens: string;
  readonly kubeconfig: string;
  /** How the running control plane is reached; see `Announcement`. */
  readonly announcement: string;
  /** State of the proxies that run from here: `<namespace>/<instance>/`. */
  readonly proxies: string;
  readonly lock: string;
}

/** Makes the directory (0700) when it is missing. Throws what the file system throws. */
export function openDataDirectory(path: string): DataDirectory {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
  return dataDirectory(path);
}

export function dataDirectory(path: string): DataDirectory {
  return {
    path,
    store: join(path, "store"),
    ca: join(path, "ca"),
    tokens: join(path, "tokens"),
    kubeconfig: join(path, "kubeconfig"),
    announcement: join(path, "control-plane.json"),
    proxies: join(path, "proxies"),
    lock: join(path, "lock"),
  };
}

/** What a running control plane tells the commands of the same user (file mode 0600: it carries the API's token). */
export interface Announcement {
  readonly pid: number;
  /** `https://127.0.0.1:7070` */
  readonly apiUrl: string;
  readonly apiToken: string;
  /** xDS and CA over TLS. */
  readonly xds: SocketAddress;
  /** Metrics and debug, plaintext on loopback. */
  readonly metrics: SocketAddress;
  /** PEM of the mesh's roots; they also sign the API's certificate. */
  readonly roots: string;
  readonly trustDomain: string;
  readonly version: string;
}

export function announce(directory: DataDirectory, announcement: Announcement): void {
  const path = directory.announcement;
  writeFileSync(`${path}.new`, `${JSON.stringify(announcement, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function withdrawAnnouncement(directory: DataDirectory): void {
  rmSync(directory.announcement, { force: true });
}

/** Undefined when no control plane has run from this directory, or it was stopped in good order. */
export function readAnnouncement(directory: DataDirectory): Announcement | undefined {
  let text: string;
  try {
    text = readFileSync(directory.announcement, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
  try {
    return JSON.parse(text) as Announcement;
  } catch (cause) {
    throw new Error(`${directory.announcement} is damaged; start the control plane again`, {
      cause,
    });
  }
}
