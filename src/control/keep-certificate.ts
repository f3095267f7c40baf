import type { Clock } from "#core/clock.ts";
import type { Log } from "#core/log.ts";
import type { ServerTls } from "#xds/server/server-tls.ts";
import type { MeshIdentity } from "./mesh-identity.ts";

/** The control plane's own server certificate, replaced in time, for its two TLS ports. */
export interface RotatingTls extends Disposable {
  readonly grpc: ServerTls;
  current(): { readonly cert: string; readonly key: string };
  onChange(callback: () => void): void;
}

const retryMs = 60_000;
/** setTimeout's longest wait; a certificate may live longer. */
const longestWaitMs = 2 ** 31 - 1;

export function keepCertificate(
  { serverCertificate, authority }: MeshIdentity,
  clock: Clock,
  log: Log,
): RotatingTls {
  const callbacks = new Set<() => void>();
  let timer: Timer | undefined;
  const schedule = (delayMs: number) => {
    timer = setTimeout(renew, Math.min(delayMs, longestWaitMs));
    timer.unref();
  };
  const renew = () => {
    try {
      const { replaced, delayMs } = serverCertificate.renewIfDue();
      if (replaced) for (const callback of callbacks) callback();
      schedule(delayMs);
    } catch (cause) {
      log.error(
        { cause: String(cause), at: clock.wallMs() },
        "the server certificate was not renewed",
      );
      schedule(retryMs);
    }
  };
  renew();
  return {
    grpc: {
      current: () => ({
        chainPem: serverCertificate.current.certificatePem,
        keyPem: serverCertificate.current.privateKeyPem(),
        clientRootsPem: authority.rootsPem,
      }),
      onChange(callback) {
        callbacks.add(callback);
        return { [Symbol.dispose]: () => callbacks.delete(callback) };
      },
    },
    current: () => ({
      cert: serverCertificate.current.certificatePem,
      key: serverCertificate.current.privateKeyPem(),
    }),
    onChange: (callback) => void callbacks.add(callback),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
