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

/** A join token for one first certificate, good for a few minutes. Throws CliError. */
export async function requestJoinToken(api: ApiClient, account: Account): Promise<string> {
  const { namespace, serviceAccount } = account;
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
  const { body } = await api.request("POST", path, {
    body: {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { audiences: ["istio-ca"], expirationSeconds: 600 },
    },
  });
  const token = (body as { status?: { token?: unknown } } | undefined)?.status?.token;
  if (typeof token === "string") return token;
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
