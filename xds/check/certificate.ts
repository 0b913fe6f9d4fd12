// Certificates and keys that Envoy would refuse. Says what is wrong, never what is inside.

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import type { Secret } from "../model/tls.ts";

/** Why Envoy would not load this secret; undefined when it would. */
export function certificateTrouble(secret: Secret): string | undefined {
  switch (secret.type) {
    case "trust":
      return parsed(() => new X509Certificate(secret.caPem)) === undefined
        ? "it holds no certificate that can be read"
        : undefined;
    case "certificate": {
      const certificate = parsed(() => new X509Certificate(secret.chainPem));
      if (certificate === undefined) return "its certificate cannot be read";
      const key = parsed(() => createPrivateKey(secret.keyPem));
      if (key === undefined) return "its private key cannot be read";
      if (!certificate.checkPrivateKey(key)) return "its private key is not the certificate's";
      return weakKey(key);
    }
  }
}

function weakKey(key: KeyObject): string | undefined {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  return key.asymmetricKeyType === "rsa" && bits !== undefined && bits < 2048
    ? `its RSA key has ${bits} bits, fewer than the 2048 that Envoy asks for`
    : undefined;
}

/** The parsers of node:crypto throw; their texts may quote the input, so they are not passed on. */
function parsed<Value>(parse: () => Value): Value | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
