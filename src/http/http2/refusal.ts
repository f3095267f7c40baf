import { Buffer } from "node:buffer";
import { encodeLocalResponse } from "#wire/http2/head/encode-response-head.ts";
import type { Http2Error } from "#wire/http2/http2-error.ts";
import { scratch } from "../encode-scratch.ts";
import type { Http2Connection } from "./connection.ts";
import { endEarly } from "./early-answer.ts";
import type { Http2Options } from "./http2-options.ts";
import type { Http2Stream, StreamUser } from "./stream.ts";

/** Answers a request that never became one: an answer in words, and what else the client sends is not read. */
export class Refusal implements StreamUser {
  readonly stream: Http2Stream;
  readonly #options: Http2Options;

  constructor(connection: Http2Connection, stream: Http2Stream, error: Http2Error) {
    this.stream = stream;
    stream.user = this;
    const { output, encoder, options } = connection;
    this.#options = options;
    const reply = options.describeError(error);
    const body = typeof reply.body === "string" ? Buffer.from(reply.body) : reply.body;
    const at = output.beginHeaders();
    encodeLocalResponse(scratch, encoder, {
      status: reply.status,
      fields: reply.fields,
      contentLength: body.length,
      date: options.date(),
    });
    output.endHeaders(at, stream.id, false);
    stream.write(body);
    stream.end();
  }

  onStreamData(): void {
    // Nobody asked for it.
  }

  onStreamEnd(): void {
    // The answer is on its way.
  }

  onStreamDrain(): void {
    // The whole answer waits already.
  }

  onStreamSent(): void {
    endEarly(this.stream, this.#options);
  }

  onStreamFailed(): void {
    // Nobody waits for it.
  }
}
