/** Istio's name for somewhere to send requests: `outbound|9090|v1|payments.shop.svc.cluster.local`. */
export function outboundClusterName(host: string, port: number, subset = ""): string {
  return `outbound|${port}|${subset}|${host}`;
}

/** Name that the TLS handshake carries, in Istio's form. */
export function outboundServerName(host: string, port: number, subset = ""): string {
  return `outbound_.${port}_.${subset}_.${host}`;
}

export function inboundClusterName(workloadPort: number): string {
  return `inbound|${workloadPort}||`;
}
