import type { ApiClient } from "../api/api-client.ts";
import { ApiError } from "../api/api-client.ts";
import { CliError } from "../cli-error.ts";

export interface Account {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** Creates the namespace and the account where they are missing. Throws CliError. */
export async function ensureAccount(api: ApiClient, account: Account): Promise<void> {
  const { namespace, serviceAccount } = account;
  await createUnlessThere(api, "/api/v1/namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespace },
  });
  await createUnlessThere(api, `/api/v1/namespaces/${namespace}/serviceaccounts`, {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: serviceAccount, namespace },
  });
}

export interface TokenTerms {
  readonly expirationSeconds: number;
  /** For how many different keys. */
  readonly uses: number;
}

/** A few minutes and one workload: what a proxy that starts now needs. */
export const startTerms: TokenTerms = { expirationSeconds: 600, uses: 1 };

/** A join token for the account, which must exist. Throws CliError. */
export async function requestJoinToken(
  api: ApiClient,
  { namespace, serviceAccount }: Account,
  { expirationSeconds, uses }: TokenTerms,
): Promise<{ readonly token: string; readonly expiresAt: string }> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
  const { body } = await api.request("POST", path, {
    body: {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { audiences: ["istio-ca"], expirationSeconds, uses },
    },
  });
  const status = (body as { status?: { token?: unknown; expirationTimestamp?: unknown } }).status;
  if (typeof status?.token === "string")
    return { token: status.token, expiresAt: String(status.expirationTimestamp) };
  throw new CliError("connection", "the control plane answered a token request without a token");
}

async function createUnlessThere(api: ApiClient, path: string, object: unknown): Promise<void> {
  try {
    await api.request("POST", path, { body: object });
  } catch (cause) {
    if (cause instanceof ApiError && cause.status === 409) return;
    throw cause;
  }
}
