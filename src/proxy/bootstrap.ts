// What a proxy process is told when it starts, as one line of JSON on its standard input: `startProxy` runs from this,
// the supervisor (`supervise/`) writes it. It carries secrets, so it is never an argument, an environment variable or a
// file. The input stays open after that line as long as the parent lives, for its orders: at its end the proxy drains and
// exits, so that a supervisor that was killed leaves no proxy behind.
import type { SocketAddress } from "#config/socket-address.ts";
import type { Workload } from "#config/workload.ts";
import type { ProxyLimits } from "./limits/limit-table.ts";

export interface Bootstrap {
  readonly workload: Workload;
  readonly trustDomain: string;
  /** Absent: run from the last good configuration in `stateDirectory` alone. */
  readonly controlPlane?: ControlPlaneAddress;
  /** A join token for the first certificate; later ones are asked for with the certificate of then. */
  readonly token?: string;
  /** Last good configuration, certificates and trust bundle (mode 0700). */
  readonly stateDirectory: string;
  /** File for the JSON access log. Absent: none is written. */
  readonly accessLog?: string;
  /** The run's secret: user `weft`, this password, in the HTTP proxy's URL. */
  readonly secret: string;
  readonly sockets: readonly InheritedSocket[];
  /** Those that were set; the others are as in the table. */
  readonly limits?: Partial<ProxyLimits>;
  /** Longest wait for exchanges in flight after SIGTERM, in milliseconds. */
  readonly drainMs: number;
  /** Present when several processes are one proxy. */
  readonly worker?: WorkerPlace;
  /** For the agent of an Envoy. Absent: Weft's own data path. */
  readonly envoy?: EnvoySettings;
}

/** One of several processes that share the ports of one proxy. */
export interface WorkerPlace {
  /**
   * Counted from 0. The first one leads: it has the stream to the control plane, the certificate and the admin address, and
   * hands to the others what they need.
   */
  readonly index: number;
  readonly count: number;
  /** Memory that all of them share (`SharedState`). */
  readonly memoryFd: number;
  /** The others that served already when this one started. */
  readonly peers: readonly number[];
}

export interface EnvoySettings {
  /** The program. */
  readonly path: string;
  /** Worker threads. */
  readonly concurrency: number;
  /** Folder for its Unix sockets (mode 0700): their paths have to be short. */
  readonly socketFolder: string;
}

export interface ControlPlaneAddress {
  /** Port of xDS and CA over TLS (15012's role). */
  readonly address: SocketAddress;
  /** PEM roots that the control plane's server certificate must lead to. */
  readonly roots: string;
  /** DNS name that the server certificate must carry. */
  readonly serverName: string;
}

/** A listening socket that the parent owns and this process inherits. */
export interface InheritedSocket {
  /** `inbound|<workload port>`, `http-proxy`, `upstream|<listening port>`, `admin`, `metrics`. */
  readonly name: string;
  readonly address: SocketAddress;
  readonly fd: number;
}

/** One line of JSON on the proxy's standard input, after the bootstrap. */
export type ProxyOrder =
  /** Leave the mesh, but go on serving: `left` tells when nobody calls any more. SIGTERM does that and drains. */
  | { readonly order: "leave" }
  /** Another process has taken the sockets over: accept nothing more, finish what is open, exit. The workload stays. */
  | { readonly order: "retire" }
  /** What runs behind this proxy, so that it does not outlive a parent that is killed. `startedAt`: proc(5), starttime. */
  | { readonly order: "application"; readonly pid: number; readonly startedAt: string }
  /** A worker of this proxy has ended. */
  | { readonly order: "worker-gone"; readonly worker: number };

/** One line of JSON on the proxy's standard output. */
export type ProxyEvent =
  /** Configuration is applied, a certificate is held, every listener accepts. */
  | { readonly event: "ready"; readonly source: "control-plane" | "last-good" }
  /** The answer to `leave`. */
  | { readonly event: "left" }
  /** A worker has not answered for long: it should be ended and started again. */
  | { readonly event: "stuck"; readonly worker: number }
  /** The proxy cannot go on and restarting it would not help (its token was refused, its state is another workload's). */
  | { readonly event: "fatal"; readonly code: string; readonly message: string };
