import type { Announcement } from "#control/data-directory.ts";
import { CliError } from "../cli-error.ts";
import { printable } from "../output/printable.ts";
import { ownWord } from "../own-word.ts";
import { announced } from "./announced.ts";

/** The API of a control plane, as the commands use it. */
export interface ApiClient {
  readonly announcement: Announcement;
  /**
   * Sends JSON (or, with `contentType`, the text as it is) and returns the decoded answer. Throws ApiError for an answer
   * that is not 2xx, CliError `connection` when there is none.
   */
  request(method: string, path: string, options?: RequestOptions): Promise<ApiAnswer>;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Default JSON. */
  readonly accept?: string;
  /** How long the answer may take; default 30 s. */
  readonly timeoutMs?: number;
}

export interface ApiAnswer {
  readonly body: unknown;
  /** Texts of `Warning:` headers. */
  readonly warnings: readonly string[];
}

/** A refusal by the API server, with its Status. */
export class ApiError extends CliError {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super("failed", printable(message));
    this.status = status;
    this.reason = reason;
  }
}

/** The control plane that runs from this data directory. Throws CliError. */
export function connectApi(dataDir: string): ApiClient {
  const announcement = announced(dataDir);
  if (!announcement)
    throw new CliError(
      "connection",
      `no control plane has been started from ${dataDir}`,
      `start one with: ${ownWord(process.cwd())} dev --data-dir ${dataDir}   (or name the directory of another: --data-dir)`,
    );
  return { announcement, request: (...args) => request(announcement, dataDir, ...args) };
}

async function request(
  { apiUrl, apiToken, roots }: Announcement,
  dataDir: string,
  method: string,
  path: string,
  {
    body,
    contentType = "application/json",
    query = {},
    accept = "application/json",
    timeoutMs = 30_000,
  }: RequestOptions = {},
): Promise<ApiAnswer> {
  const url = new URL(path, apiUrl);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const headers: Record<string, string> = { authorization: `Bearer ${apiToken}`, accept };
  if (body !== undefined) headers["content-type"] = contentType;
  const init = {
    method,
    headers,
    tls: { ca: roots },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  };
  const response = await fetch(url, init).catch((cause: unknown) => {
    throw unreachable(apiUrl, dataDir, cause);
  });
  const text = await response.text();
  if (!response.ok) throw refusal(response.status, text);
  return { body: text === "" ? undefined : JSON.parse(text), warnings: warningsOf(response) };
}

/** `--port 0` brings it back to the ports that it had, where its proxies look for it. */
function samePort(apiUrl: string): string {
  return new URL(apiUrl).port === "7070" ? "" : " --port 0";
}

function unreachable(apiUrl: string, dataDir: string, cause: unknown): CliError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CliError(
    "connection",
    `the control plane at ${apiUrl} does not answer (${why})`,
    `it was started from ${dataDir}; start it again with: ${ownWord(process.cwd())} dev --data-dir ${dataDir}${samePort(apiUrl)}`,
    cause,
  );
}

function refusal(status: number, text: string): ApiError {
  let message = text.trim().slice(0, 2_000);
  let reason = "";
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) {
      if ("message" in parsed) message = String(parsed.message);
      if ("reason" in parsed) reason = String(parsed.reason);
    }
  } catch {
    // not a Status: the text itself is all there is to say
  }
  return new ApiError(status, reason, message === "" ? `the API answered ${status}` : message);
}

/** `299 - "text"`, RFC 9111's old Warning field as Kubernetes uses it. */
function warningsOf(response: Response): readonly string[] {
  const header = response.headers.get("warning") ?? "";
  return Array.from(header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g), ([, text = ""]) =>
    text.replace(/\\(.)/g, "$1"),
  );
}
