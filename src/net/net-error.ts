/** Whether a request that met this error may be tried elsewhere: never, only while unsent, or always. */
export type RetryRule = "never" | "unsent" | "always";

interface ErrorFacts {
  /** Envoy's response flag for the same event at an upstream. */
  readonly flag: string;
  readonly retry: RetryRule;
  readonly message: string;
}

const FACTS = {
  "connect-refused": { flag: "UF", retry: "always", message: "nothing listens at the address" },
  "connect-unreachable": { flag: "UF", retry: "always", message: "no route to the address" },
  "connect-timeout": { flag: "UF", retry: "always", message: "no connection in time" },
  "connect-failed": { flag: "UF", retry: "always", message: "the connection could not be made" },
  "dns-failed": { flag: "UF", retry: "always", message: "the host name has no address" },
  "tls-handshake-failed": { flag: "UF", retry: "always", message: "the TLS handshake failed" },
  "tls-handshake-timeout": { flag: "UF", retry: "always", message: "no TLS handshake in time" },
  "peer-refused": { flag: "UF", retry: "always", message: "the peer's certificate was refused" },
  "detection-timeout": { flag: "DPE", retry: "never", message: "no first byte in time" },
  reset: { flag: "UC", retry: "unsent", message: "the peer reset the connection" },
  closed: { flag: "UC", retry: "unsent", message: "the peer closed the connection" },
  "idle-timeout": { flag: "UT", retry: "unsent", message: "the connection was idle for too long" },
  unread: {
    flag: "UT",
    retry: "unsent",
    message: "the peer takes nothing of what waits for it",
  },
  drained: { flag: "UC", retry: "unsent", message: "the connection was closed by a drain" },
  "address-in-use": {
    flag: "INT",
    retry: "never",
    message: "somebody else listens at the address",
  },
  "address-denied": { flag: "INT", retry: "never", message: "no right to listen at the address" },
  "address-unavailable": {
    flag: "INT",
    retry: "never",
    message: "not an address of this machine",
  },
  "too-many-files": { flag: "INT", retry: "never", message: "no file descriptor is left" },
  "too-many-connections": { flag: "UO", retry: "never", message: "the listener has no place left" },
  "memory-short": { flag: "OM", retry: "never", message: "this process is short of memory" },
  "listen-failed": { flag: "INT", retry: "never", message: "cannot listen at the address" },
  "socket-failed": { flag: "INT", retry: "never", message: "a socket call failed" },
} as const satisfies Record<string, ErrorFacts>;

export type NetErrorCode = keyof typeof FACTS;

/** Every code with its facts: what the reference page reads. */
export const NET_ERRORS: Readonly<Record<NetErrorCode, ErrorFacts>> = FACTS;

/** What happened to a socket. */
export class NetError extends Error {
  override readonly name = "NetError";
  readonly code: NetErrorCode;

  constructor(code: NetErrorCode, detail?: string, cause?: unknown) {
    const { message } = FACTS[code];
    super(detail === undefined ? message : `${message}: ${detail}`, { cause });
    this.code = code;
  }

  get facts(): ErrorFacts {
    return FACTS[this.code];
  }
}
