// Names of what a control plane keeps in its data directory, for itself and for the commands of the same user.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { SocketAddress } from "#config/socket-address.ts";

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
}

/**
 * Makes the directory (0700) when it is missing. One that exists must belong to this user and be empty or Weft's: what is
 * in `/tmp` or a home directory is not ours to close to others, and who owns a directory can replace every key in it.
 * Throws UnusableDataDirectory.
 */
export function openDataDirectory(path: string): DataDirectory {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    checkOwner(path);
    checkContents(path);
    chmodSync(path, 0o700);
  } catch (cause) {
    if (cause instanceof UnusableDataDirectory) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UnusableDataDirectory(`the data directory cannot be used: ${why}`, { cause });
  }
  return dataDirectory(path);
}

/** The message says why. */
export class UnusableDataDirectory extends Error {
  override readonly name = "UnusableDataDirectory";
}

function checkOwner(path: string): void {
  const { uid } = statSync(path);
  if (uid !== process.geteuid?.())
    throw new UnusableDataDirectory(`${path} belongs to another user (uid ${uid})`);
}

function checkContents(path: string): void {
  const { store, ca, announcement, proxies } = dataDirectory(path);
  if ([store, ca, announcement, proxies].some((known) => existsSync(known))) return;
  const [foreign] = readdirSync(path);
  if (foreign === undefined) return;
  throw new UnusableDataDirectory(
    `${path} is no data directory of Weft, and it is not empty (${foreign})`,
  );
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

/**
 * Undefined when no control plane has run from this directory, or it was stopped in good order. Throws DamagedAnnouncement,
 * or what the file system throws.
 */
export function readAnnouncement(directory: DataDirectory): Announcement | undefined {
  let text: string;
  try {
    text = readFileSync(directory.announcement, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
  const announcement = parseAnnouncement(text);
  if (!announcement) throw new DamagedAnnouncement(directory.announcement);
  return announcement;
}

/** Half a file, or one that somebody else wrote; starting the control plane writes it anew. */
export class DamagedAnnouncement extends Error {
  override readonly name = "DamagedAnnouncement";

  constructor(path: string) {
    super(`${path} is damaged`);
  }
}

function parseAnnouncement(text: string): Announcement | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // the caller names the file
  }
  if (!isRecord(value)) return undefined;
  const areTexts = ["apiToken", "roots", "trustDomain", "version"].every(
    (field) => typeof value[field] === "string",
  );
  const isWhole =
    areTexts &&
    Number.isInteger(value.pid) &&
    URL.canParse(String(value.apiUrl)) &&
    [value.xds, value.metrics].every(isAddress);
  return isWhole ? (value as unknown as Announcement) : undefined;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

const isAddress = (value: unknown): boolean =>
  isRecord(value) && typeof value.host === "string" && Number.isInteger(value.port);
