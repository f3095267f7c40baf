import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { contextTag, TAG } from "./der/der-reader.ts";
import { der, derBits, derOid, derSequence, derSmallInteger } from "./der/der-writer.ts";
import { OID } from "./der/object-identifiers.ts";
import { encodePem } from "./der/pem.ts";
import { encodeExtensionList, encodeName } from "./encode-certificate.ts";
import { encodeSubjectAltNames } from "./encode-extensions.ts";
import { createSigningKey, readPrivateKey, type SigningKey } from "./signing-key.ts";
import type { SpiffeId } from "./spiffe-id.ts";

/** A workload's own key, ECDSA P-256. It leaves the process only into a file of mode 0600, by `privateKeyPem`. */
export interface WorkloadKey {
  readonly signing: SigningKey;
  /** PKCS #8. A method, so that printing the object prints no key. */
  privateKeyPem(): string;
}

export function createWorkloadKey(): WorkloadKey {
  return workloadKeyOf(generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey);
}

/** A key that was kept; throws SpiffeError `bad-key`, `weak-key` or `unsupported-algorithm`. */
export function readWorkloadKey(pem: string): WorkloadKey {
  return workloadKeyOf(readPrivateKey(pem));
}

function workloadKeyOf(privateKey: KeyObject): WorkloadKey {
  return {
    signing: createSigningKey(privateKey),
    privateKeyPem: () => privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** A PKCS #10 request (RFC 2986), PEM, that asks for `id` and nothing else. */
export function createCsr(key: WorkloadKey, id: SpiffeId): string {
  const extensions = encodeExtensionList([encodeSubjectAltNames({ uris: [id] }, true)]);
  const attribute = derSequence(derOid(OID.extensionRequest), der(TAG.set, extensions));
  const signed = derSequence(
    derSmallInteger(0),
    encodeName({}),
    key.signing.publicKey.der,
    der(contextTag(0, true), attribute),
  );
  const request = derSequence(signed, key.signing.algorithmDer, derBits(key.signing.sign(signed)));
  return encodePem("CERTIFICATE REQUEST", request);
}
