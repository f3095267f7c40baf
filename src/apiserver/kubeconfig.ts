import { stringify } from "yaml";

export interface KubeconfigOptions {
  readonly url: string;
  readonly token: string;
  /** PEM of the certificate that the server's must lead to. */
  readonly caCert: string;
  readonly name?: string;
  readonly namespace?: string;
}

/** What kubectl and its libraries need to find the API and to be let in. Holds the token: write it for its owner only. */
export function kubeconfig(options: KubeconfigOptions): string {
  const { url, token, caCert, name = "weft", namespace = "default" } = options;
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [
      {
        name,
        cluster: {
          server: url,
          "certificate-authority-data": Buffer.from(caCert).toString("base64"),
        },
      },
    ],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
  });
}
