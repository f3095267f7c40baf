import type { Transport } from "#net/transport.ts";
import type { After } from "../detection/detect-protocol.ts";
import type { Verdicts } from "../detection/verdicts.ts";
import type { OpenConnections } from "../serve-connection.ts";
import type { RequestServer } from "../serve-request.ts";
import type { TcpContext } from "../tcp/pass-tcp.ts";
import type { SecretCheck } from "./run-secret.ts";

export interface OutboundSurroundings extends TcpContext {
  readonly server: RequestServer;
  readonly connections: OpenConnections;
  readonly verdicts: Verdicts;
  readonly checkSecret: SecretCheck;
  /** Who made a loopback connection; undefined when that cannot be told. */
  readonly peerUid: (transport: Transport) => number | undefined;
  readonly ownUid: number;
  readonly after: After;
}
