import { experimental, type ServerCredentials } from "@grpc/grpc-js";

/** The server's certificate and the roots of its clients, both of which rotate while it runs. */
export interface ServerTls {
  current(): ServerTlsMaterial;
  /** Called after `current()` has changed. New connections then get the new certificate; open ones stay. */
  onChange(callback: () => void): Disposable;
}

export interface ServerTlsMaterial {
  /** Leaf first. */
  readonly chainPem: string;
  readonly keyPem: string;
  /** Roots named to clients when their certificate is asked for. */
  readonly clientRootsPem: string;
}

type Provider = Parameters<typeof experimental.createCertificateProviderServerCredentials>[0];
type Listen<T> = (update: T) => void;

/** TLS with a client certificate asked for but not required, following `tls` until disposed. */
export function rotatingCredentials(tls: ServerTls): Disposable & {
  readonly credentials: ServerCredentials;
} {
  const roots = new Set<Listen<{ caCertificate: Buffer }>>();
  const identities = new Set<Listen<{ certificate: Buffer; privateKey: Buffer }>>();
  const announce = (): void => {
    const { chainPem, keyPem, clientRootsPem } = tls.current();
    for (const listen of roots) listen({ caCertificate: Buffer.from(clientRootsPem) });
    for (const listen of identities)
      listen({ certificate: Buffer.from(chainPem), privateKey: Buffer.from(keyPem) });
  };
  // The library adds its listeners before it can use what they are told, so the first news comes a turn later.
  const add = <T>(listeners: Set<T>, listen: T): void => {
    listeners.add(listen);
    queueMicrotask(announce);
  };
  const provider: Provider = {
    addCaCertificateListener: (listen) => add(roots, listen),
    removeCaCertificateListener: (listen) => void roots.delete(listen),
    addIdentityCertificateListener: (listen) => add(identities, listen),
    removeIdentityCertificateListener: (listen) => void identities.delete(listen),
  };
  const change = tls.onChange(announce);
  return {
    credentials: experimental.createCertificateProviderServerCredentials(provider, provider, false),
    [Symbol.dispose]: () => change[Symbol.dispose](),
  };
}
