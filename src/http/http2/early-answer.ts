import { Deadline } from "../timer-wheel.ts";
import type { Http2Options } from "./http2-options.ts";
import type { Http2Stream } from "./stream.ts";

/**
 * A request was answered whole before it had come whole. Its client is told that the rest is not needed (RFC 9113 section
 * 8.1), but not at once: many take any reset for a failure, and drop the answer when both come together. Until then they may
 * end the request themselves; what they send is dropped, and no window is opened for more.
 */
export function endEarly(stream: Http2Stream, { wheel, earlyAnswerMs }: Http2Options): void {
  if (stream.isOver) return;
  stream.stopOpeningWindow();
  // What was held back for a reader has none any more.
  stream.resume();
  if (stream.isReceived && stream.unreadBytes === 0) return;
  wheel.arm(new Deadline(() => stream.reset("NO_ERROR")), earlyAnswerMs);
}
