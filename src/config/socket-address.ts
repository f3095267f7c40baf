/** Where something listens. */
export interface SocketAddress {
  /** IP address or, of an endpoint that is found by DNS, a name. */
  readonly host: string;
  readonly port: number;
  /** Of a Unix socket, where `host` is "" and `port` 0. */
  readonly path?: string;
}
