import { controlCases } from "./control-cases.ts";
import { dataAndHeadCases } from "./data-and-head-cases.ts";
import { extensionCases, frameCases } from "./frame-cases.ts";
import { genericCases } from "./generic-cases.ts";
import { genericHpackCases } from "./generic-hpack-cases.ts";
import { hpackCases } from "./hpack-cases.ts";
import type { Http2Case } from "./http2-case.ts";
import { messageCases } from "./message-cases.ts";
import { streamCases } from "./stream-cases.ts";
import { windowCases } from "./window-cases.ts";

/** Everything that h2spec tries of a server in strict mode, by its sections. */
export const HTTP2_CASES: readonly Http2Case[] = [
  ...genericCases,
  ...genericHpackCases,
  ...frameCases,
  ...streamCases,
  ...extensionCases,
  ...dataAndHeadCases,
  ...controlCases,
  ...windowCases,
  ...messageCases,
  ...hpackCases,
];
