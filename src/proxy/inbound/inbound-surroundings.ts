import type { SpiffeId } from "#core/spiffe/spiffe-id.ts";
import type { After } from "../detection/detect-protocol.ts";
import type { Verdicts } from "../detection/verdicts.ts";
import type { OpenConnections } from "../serve-connection.ts";
import type { RequestServer } from "../serve-request.ts";
import type { TcpContext } from "../tcp/pass-tcp.ts";

export interface InboundSurroundings extends TcpContext {
  readonly server: RequestServer;
  readonly connections: OpenConnections;
  readonly verdicts: Verdicts;
  /** Who we are, for `x-forwarded-client-cert`. */
  readonly ownId: SpiffeId;
  readonly after: After;
}
