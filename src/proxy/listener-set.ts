import type { Listener as ListenerConfig } from "#config/listener.ts";
import type { Log } from "#core/log.ts";
import { type ListenAddress, type Listener, type ListenMode, listen } from "#net/listener.ts";
import type { Transport } from "#net/transport.ts";
import type { ListenerLine } from "./admin/admin-reply.ts";
import type { CompiledConfig } from "./config/config-compiler.ts";
import type { InboundState, ListenerState, OutboundState } from "./downstream.ts";
import type { TlsMaterial } from "./identity/tls-material.ts";
import { acceptInbound, foreignTls, INBOUND_ALPN } from "./inbound/accept-inbound.ts";
import type { InboundSurroundings } from "./inbound/inbound-surroundings.ts";
import type { ProxyLimits } from "./limits/limit-table.ts";
import type { Overload } from "./limits/overload.ts";
import { acceptOutbound } from "./outbound/accept-outbound.ts";
import type { OutboundSurroundings } from "./outbound/outbound-surroundings.ts";
import { compileHost } from "./router/compiled-route.ts";
import { HostTable } from "./router/host-table.ts";
import type { RouteTable } from "./router/plan-request.ts";
import { addressOf } from "./serve-connection.ts";

export interface ListenerSetOptions {
  readonly outbound: OutboundSurroundings;
  readonly inbound: InboundSurroundings;
  readonly tls: TlsMaterial;
  /** Sockets that the parent handed over, by listener name. */
  readonly sockets: ReadonlyMap<string, ListenAddress>;
  readonly limits: ProxyLimits;
  readonly overload: Overload;
  readonly log: Log;
  /** Of every connection. */
  readonly onAccepted?: () => void;
}

interface OpenListener {
  readonly state: ListenerState;
  readonly opening: Promise<Listener | undefined>;
  listener: Listener | undefined;
  /** The configuration no longer has it: its socket stays, callers are turned away. */
  isRemoved: boolean;
}

const emptyTable: RouteTable = new HostTable([], compileHost);

/** The listeners of a proxy, opened when the configuration first names them, changed in place ever after. */
export class ListenerSet {
  readonly #options: ListenerSetOptions;
  readonly #open = new Map<string, OpenListener>();

  constructor(options: ListenerSetOptions) {
    this.#options = options;
  }

  /** Takes effect for the next request of every connection, at once for all listeners. */
  apply(config: CompiledConfig): void {
    for (const [name, open] of this.#open) open.isRemoved = !config.snapshot.listener.has(name);
    for (const [name, { value }] of config.snapshot.listener) this.#applyOne(name, value, config);
  }

  /** Resolves when every listener that has a socket accepts. */
  async opened(): Promise<void> {
    await Promise.all(Array.from(this.#open.values(), ({ opening }) => opening));
  }

  lines(): readonly ListenerLine[] {
    return Array.from(this.#open, ([name, { listener }]) => ({
      name,
      address: listener === undefined ? "" : addressOf(listener.address),
      connections: listener?.connectionCount ?? 0,
    }));
  }

  #connectionCount(): number {
    let count = 0;
    for (const { listener } of this.#open.values()) count += listener?.connectionCount ?? 0;
    return count;
  }

  /** Stops accepting; resolves when all connections are over, at the deadline by force. */
  async drained(deadlineMs: number): Promise<void> {
    const all = [...this.#open.values()].map(async ({ opening }) =>
      (await opening)?.drained(deadlineMs),
    );
    await Promise.all(all);
  }

  #applyOne(name: string, value: ListenerConfig, config: CompiledConfig): void {
    const known = this.#open.get(name);
    if (known === undefined) {
      this.#openOne(name, value, config);
      return;
    }
    known.isRemoved = false;
    update(known.state, name, value, config);
    known.listener?.setMode(modeOf(value));
  }

  #openOne(name: string, value: ListenerConfig, config: CompiledConfig): void {
    const { sockets, log } = this.#options;
    const address = sockets.get(name) ?? socketByAddress(value, sockets);
    if (address === undefined) {
      log.warn({ listener: name }, "the configuration has a listener for which there is no socket");
      return;
    }
    const state = newState(name, value, config);
    const open: OpenListener = {
      state,
      listener: undefined,
      isRemoved: false,
      opening: this.#listen(name, address, state, () => open),
    };
    this.#open.set(name, open);
  }

  async #listen(
    name: string,
    address: ListenAddress,
    state: ListenerState,
    open: () => OpenListener,
  ): Promise<Listener | undefined> {
    const { tls, log, limits, overload } = this.#options;
    try {
      const listener = await listen({
        address,
        mode: modeOf(state.config),
        tls: () => tls.serverTls(INBOUND_ALPN),
        onConnection: (transport) => this.#accept(open(), transport),
        onRefused: (error, remote) => {
          const { code, message: reason } = error;
          overload.onRefused(error, name);
          log.debug({ listener: name, remote: addressOf(remote), code, reason }, "refused");
        },
        admit: () => overload.refusalOfConnection(this.#connectionCount()),
        connectionsMax: limits["listener-connections"],
        handshakeTimeoutMs: limits["handshake-time"],
        detectionTimeoutMs: DETECTION_MS,
        onSilence: "plain",
        foreignTls: () => (state.kind === "inbound" ? foreignTls(state) : undefined),
      });
      open().listener = listener;
      listener.setMode(modeOf(state.config)); // it may have changed meanwhile
      return listener;
    } catch (cause) {
      log.error({ listener: name, reason: String(cause) }, "a listener could not be opened");
      return undefined;
    }
  }

  #accept({ state, isRemoved }: OpenListener, transport: Transport): void {
    const { inbound, outbound, onAccepted } = this.#options;
    onAccepted?.();
    if (isRemoved) transport.destroy();
    else if (state.kind === "inbound") acceptInbound(inbound, state, transport);
    else acceptOutbound(outbound, state, transport);
  }
}

/** Until a caller that says nothing counts as plaintext. */
const DETECTION_MS = 3_000;

/** STRICT looks at plaintext too, so that it can be refused in words. */
function modeOf(config: ListenerConfig): ListenMode {
  return config.kind === "outbound" || config.mtls === "disable" ? "plain" : "either";
}

function socketByAddress(
  { address }: ListenerConfig,
  sockets: ReadonlyMap<string, ListenAddress>,
): ListenAddress | undefined {
  for (const socket of sockets.values())
    if ("port" in socket && socket.port === address.port && socket.host === address.host)
      return socket;
  return undefined;
}

function newState(name: string, value: ListenerConfig, config: CompiledConfig): ListenerState {
  const state =
    value.kind === "outbound"
      ? ({ kind: "outbound", config: value, table: emptyTable } satisfies OutboundState)
      : ({
          kind: "inbound",
          config: value,
          table: emptyTable,
          authorization: denyAll,
          connectionAuthorization: denyAll,
        } satisfies InboundState);
  update(state, name, value, config);
  return state;
}

const denyAll = { deny: [], allow: [] };

function update(
  state: ListenerState,
  name: string,
  value: ListenerConfig,
  config: CompiledConfig,
): void {
  state.table = config.tables.get(name) ?? emptyTable;
  if (state.kind === "outbound") {
    if (value.kind === "outbound") state.config = value;
    return;
  }
  const compiled = config.inbound.get(name);
  if (compiled === undefined) return;
  state.config = compiled.config;
  state.authorization = compiled.authorization;
  state.connectionAuthorization = compiled.connectionAuthorization;
}
