// Self-signed certificates for stories, as Secrets.

import { webcrypto } from "node:crypto";
import { x509 } from "../../x509.ts";
import { object, type ApiObject } from "./objects.ts";

const algorithms = {
  ecdsa: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  rsa: { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
};

export interface StoryCertificate {
  /** SHA-256, as Node shows a peer's. */
  readonly fingerprint: string;
  readonly pem: { readonly cert: string; readonly key: string };
  secret(name: string): ApiObject;
  /** A list of what it has revoked, in PEM: itself, or nothing. */
  revocationList(itself: boolean): Promise<string>;
}

export async function makeCertificate(host: string, type: keyof typeof algorithms = "ecdsa"): Promise<StoryCertificate> {
  const algorithm = algorithms[type];
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(16))).toString("hex"),
      name: `CN=${host}`,
      notBefore: new Date(Date.now() - 3_600_000),
      notAfter: new Date(Date.now() + 86_400_000),
      keys,
      signingAlgorithm: algorithm,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: host }])],
    },
    webcrypto,
  );
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  const digest = Buffer.from(await certificate.getThumbprint("SHA-256"))
    .toString("hex")
    .toUpperCase();
  const base64 = (text: string): string => Buffer.from(`${text}\n`).toString("base64");
  return {
    pem: { cert: certificate.toString("pem"), key },
    fingerprint: digest.match(/../g)!.join(":"),
    async revocationList(itself) {
      const list = await x509.X509CrlGenerator.create(
        {
          issuer: certificate.subject,
          thisUpdate: new Date(Date.now() - 3_600_000),
          nextUpdate: new Date(Date.now() + 86_400_000),
          entries: itself ? [{ serialNumber: certificate.serialNumber, revocationDate: new Date(Date.now() - 60_000) }] : [],
          signingAlgorithm: algorithm,
          signingKey: keys.privateKey,
        },
        webcrypto,
      );
      return x509.PemConverter.encode(list.rawData, "X509 CRL");
    },
    secret: (name) =>
      object("v1", "Secret", name, {
        type: "kubernetes.io/tls",
        data: { "tls.crt": base64(certificate.toString("pem")), "tls.key": base64(key) },
      }),
  };
}
