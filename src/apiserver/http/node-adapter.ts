// Between node's HTTP server, whose certificates can be changed while it runs, and handlers of standard requests.
import type { IncomingMessage, ServerResponse } from "node:http";

export type Handle = (request: Request) => Promise<Response> | Response;

/** Serves one request to its end. Rejects only when the handler does. */
export async function serveRequest(
  handle: Handle,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const response = await handle(toRequest(incoming));
  const headers = headersOf(response);
  if (!incoming.complete && mayHaveBody(incoming)) {
    // Answered before the body was read to its end: the rest is thrown away, and the connection after it.
    headers.connection = "close";
    incoming.resume();
  }
  outgoing.writeHead(response.status, headers);
  if (!response.body || incoming.method === "HEAD") {
    outgoing.end();
    return;
  }
  await sendBody(response.body, outgoing);
}

function toRequest(incoming: IncomingMessage): Request {
  const headers = new Headers();
  const raw = incoming.rawHeaders;
  for (let i = 0; i + 1 < raw.length; i += 2) headers.append(raw[i] ?? "", raw[i + 1] ?? "");
  const method = incoming.method ?? "GET";
  // The authority is ours whatever the header says; who checks it reads the header.
  const url = new URL(targetOf(incoming.url), "https://weft.invalid");
  if (!mayHaveBody(incoming)) return new Request(url.href, { method, headers });
  return new Request(url.href, { method, headers, body: bodyOf(incoming) });
}

/** Bodies of reads are not looked at. */
export function mayHaveBody({ method }: IncomingMessage): boolean {
  return method !== "GET" && method !== "HEAD";
}

/** Read only as fast as the handler reads. A handler that stops reading leaves the connection fit for its answer. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = incoming[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
}

/** A target in absolute form, or with an authority hidden behind two slashes, is only its path. */
function targetOf(target = "/"): string {
  const path = target.replace(/^[a-z]+:\/\/[^/]*/i, "");
  return path.startsWith("/") ? path.replace(/^\/+/, "/") : `/${path}`;
}

function headersOf(response: Response): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of response.headers) {
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}

async function sendBody(body: ReadableStream<Uint8Array>, outgoing: ServerResponse): Promise<void> {
  const reader = body.getReader();
  outgoing.flushHeaders();
  const gone = new Promise<void>((resolve) => outgoing.once("close", resolve));
  const cancelled = gone.then(() => reader.cancel()).catch(() => undefined);
  for (;;) {
    const { done, value } = await reader.read();
    if (done || outgoing.destroyed) break;
    if (!outgoing.write(value))
      await Promise.race([gone, new Promise<void>((resolve) => outgoing.once("drain", resolve))]);
  }
  outgoing.end();
  await cancelled;
}
