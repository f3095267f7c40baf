import { type ProxyFailureCode, type ProxyFailureFacts, proxyFailures } from "./proxy-failures.ts";

/** What ends one exchange or connection in the proxy. The message is for the operator: what, to whom, what to look at. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly code: ProxyFailureCode;

  constructor(code: ProxyFailureCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }

  get facts(): ProxyFailureFacts {
    return proxyFailures[this.code];
  }
}
