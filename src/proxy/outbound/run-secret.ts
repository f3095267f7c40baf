import { createHash, timingSafeEqual } from "node:crypto";

/** Whether a `Proxy-Authorization` field carries the secret of the run. */
export type SecretCheck = (field: string | undefined) => boolean;

/** User `weft`, the secret as its password, as an HTTP proxy's URL makes runtimes send it. Takes the same time however wrong it is. */
export function secretCheck(secret: string): SecretCheck {
  const expected = digest(Buffer.from(`weft:${secret}`).toString("base64"));

  return (field) => {
    if (field === undefined) return false;

    const [, credentials] = /^basic +([A-Za-z0-9+/=]+)$/i.exec(field) ?? [];
    if (credentials === undefined || !timingSafeEqual(digest(credentials), expected)) return false;

    return true;
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
