// Envoy's own admin interface, which nobody but its agent reaches: anybody else could stop it or change its settings.

export interface AdminAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

export class EnvoyAdmin {
  readonly #socket: string;

  /** Path of its Unix socket. */
  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Rejects when Envoy is not there or does not answer in time. */
  async get(path: string): Promise<AdminAnswer> {
    return await this.#ask("GET", path);
  }

  async post(path: string): Promise<AdminAnswer> {
    return await this.#ask("POST", path);
  }

  /** `undefined`: it is ready and has all of these listeners. Else what is missing. */
  async notReadyBecause(listeners: readonly string[]): Promise<string | undefined> {
    try {
      const { status, body } = await this.get("/ready");
      if (status !== 200) return `Envoy says ${text(body).trim()}`;
      const open = text((await this.get("/listeners")).body);
      const missing = listeners.find((name) => !open.includes(`${name}::`));
      return missing === undefined ? undefined : `Envoy has no listener ${missing}`;
    } catch {
      return "Envoy does not answer";
    }
  }

  /** Requests under way, of all listeners. */
  async activeRequests(): Promise<number> {
    const { body } = await this.get("/stats?filter=downstream_rq_active$");
    return text(body)
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("http.admin."))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  }

  async #ask(method: string, path: string): Promise<AdminAnswer> {
    const answer = await fetch(`http://envoy${path}`, {
      method,
      unix: this.#socket,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return {
      status: answer.status,
      contentType: answer.headers.get("content-type") ?? "text/plain",
      body: await answer.bytes(),
    };
  }
}

const ANSWER_MS = 5_000;

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
