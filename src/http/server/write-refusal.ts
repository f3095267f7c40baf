import { Buffer } from "node:buffer";
import type { Transport } from "#net/transport.ts";
import type { Http1Error } from "#wire/http1/http1-error.ts";
import { encodeLocalHead } from "#wire/http1/local-head.ts";
import type { RequestHead } from "../exchange.ts";
import type { ServerOptions } from "./server-options.ts";

/** The answer to a request that broke the protocol; the last on its connection. `request`: when its head was good. */
export function writeRefusal(
  transport: Transport,
  { describeError, date }: Pick<ServerOptions, "describeError" | "date">,
  error: Http1Error,
  request: RequestHead | undefined,
): void {
  const reply = describeError(error, request);
  const body = typeof reply.body === "string" ? Buffer.from(reply.body) : reply.body;
  transport.write(
    encodeLocalHead({
      status: reply.status,
      ...(reply.reason !== undefined && { reason: reply.reason }),
      fields: reply.fields,
      contentLength: body.length,
      date: date(),
      close: true,
      minor: 1,
    }),
  );
  if (request?.method !== "HEAD") transport.write(body);
}
