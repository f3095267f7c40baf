import { connectApi } from "../../../src/cli/api/api-client.ts";
import {
  ensureAccount,
  requestJoinToken,
  startTerms,
} from "../../../src/cli/run/workload-identity.ts";
import { dataDirectory } from "../../../src/control/data-directory.ts";
import { readSpiffeId } from "../../../src/core/spiffe/spiffe-id.ts";
import { createCsr, createWorkloadKey } from "../../../src/core/spiffe/workload-key.ts";
import { CERTIFICATE_PATH } from "../../../src/xds/grpc-paths.ts";
import {
  decodeCertificateResponse,
  encodeCertificateRequest,
} from "../../../src/xds/messages/certificate.ts";
import { framed, rawCall } from "../raw-grpc.ts";
import type { TestIdentity } from "../test-certificates.ts";

/** A certificate of the mesh, got with a join token as any workload gets one. */
export async function attackerIdentity(
  dataDir: string,
  account: { readonly namespace: string; readonly serviceAccount: string },
): Promise<TestIdentity> {
  const api = connectApi(dataDir);
  await ensureAccount(api, account);
  const { token } = await requestJoinToken(api, account, startTerms);
  const key = createWorkloadKey();
  const { namespace, serviceAccount } = account;
  const id = readSpiffeId(`spiffe://cluster.local/ns/${namespace}/sa/${serviceAccount}`);
  const announcement = await Bun.file(dataDirectory(dataDir).announcement).json();
  const { status, message, body } = await rawCall(announcement, {
    path: CERTIFICATE_PATH,
    body: framed(encodeCertificateRequest({ csrPem: createCsr(key, id), validitySeconds: 3_600 })),
    headers: { authorization: `Bearer ${token}` },
  });
  if (status !== 0) throw new Error(`no certificate for the attacker: ${status} ${message}`);
  return {
    chainPem: decodeCertificateResponse(body.subarray(5)).join(""),
    keyPem: key.privateKeyPem(),
  };
}
