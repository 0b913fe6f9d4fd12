import { X509Certificate, generateKeyPairSync } from "node:crypto";
import { certificate, parsePair } from "./certificates.ts";
import { ecKey, makeCertificate, rsaKey } from "./testing/certificates.ts";
import { tlsSecret } from "./testing/gateways.ts";
import { applied, world } from "./testing/world.ts";

const good = makeCertificate({ names: ["www.example.com", "*.Example.com"] });

test("a pair becomes canonical PEM, with its names and its expiry", () => {
  const noisy = `a comment\r\n${good.certificate.replaceAll("\n", "\r\n")}\nanother`;
  expect(parsePair(noisy, good.key)).toEqual({
    type: "valid",
    certificate: {
      chainPem: good.certificate,
      keyPem: good.key,
      algorithm: "ec",
      names: ["*.example.com", "www.example.com"],
      notAfter: "2099-01-01T00:00:00.000Z",
    },
  });
});

test("a chain keeps its order and expires with its first certificate", () => {
  const issuer = makeCertificate({ names: ["issuer"], notAfter: new Date("2040-01-01T00:00:00Z") });
  const result = parsePair(good.certificate + issuer.certificate, good.key);
  expect(result).toMatchObject({
    certificate: { chainPem: good.certificate + issuer.certificate, notAfter: "2040-01-01T00:00:00.000Z" },
  });
});

test("RSA keys and SEC 1 keys after their parameters are read", () => {
  const rsa = rsaKey();
  const ofRsa = makeCertificate({ names: ["a"], key: rsa });
  expect(parsePair(ofRsa.certificate, rsa.export({ type: "pkcs1", format: "pem" }).toString())).toMatchObject({
    certificate: { algorithm: "rsa", keyPem: ofRsa.key },
  });
  const ec = ecKey();
  const ofEc = makeCertificate({ names: ["a"], key: ec });
  const parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
  const sec1 = parameters + ec.export({ type: "sec1", format: "pem" }).toString();
  expect(parsePair(ofEc.certificate, sec1)).toMatchObject({ certificate: { algorithm: "ec", keyPem: ofEc.key } });
});

const encrypted = ecKey().export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }).toString();
const weak = makeCertificate({ names: ["a"], key: rsaKey(1024) });
const odd = makeCertificate({ names: ["a"], key: ecKey("secp256k1") });
const edwards = makeCertificate({ names: ["a"], key: generateKeyPairSync("ed25519").privateKey });
for (const [name, pair, problem] of [
  ["garbage instead of a certificate", { ...good, certificate: "garbage" }, "has no certificate in tls.crt"],
  [
    "broken base64 in a certificate",
    { ...good, certificate: good.certificate.replace(/\n[A-Z]/, "\n!") },
    "has a tls.crt that is not a certificate in PEM",
  ],
  ["garbage instead of a key", { ...good, key: "garbage" }, "has no private key in tls.key"],
  ["a truncated key", { ...good, key: good.key.replace(/\n.{20}/, "\n") }, "has a tls.key that is not a private key in PEM"],
  ["an encrypted key", { ...good, key: encrypted }, "has an encrypted tls.key"],
  [
    "the key of another certificate",
    { ...good, key: makeCertificate({ names: ["a"] }).key },
    "has a tls.key that does not belong to its certificate",
  ],
  [
    "a key of another algorithm",
    { ...good, key: rsaKey().export({ type: "pkcs8", format: "pem" }).toString() },
    "has a tls.key that does not belong to its certificate",
  ],
  ["a short RSA key", weak, "has an RSA key of less than 2048 bits"],
  ["an unsupported curve", odd, "has an ECDSA key that is not on curve P-256, P-384 or P-521"],
  ["an Ed25519 key", edwards, "has a key that is neither RSA nor ECDSA"],
] as const)
  test(`${name} is refused`, () => {
    expect(parsePair(pair.certificate, pair.key)).toEqual({ type: "invalid", problem });
  });

test("a Secret must exist, have the type, and both parts", () => {
  const secret = tlsSecret("default/tls", good);
  const store = world(
    { ...secret, metadata: { namespace: "default", name: "opaque" }, type: "Opaque" },
    { ...secret, metadata: { namespace: "default", name: "empty" }, data: {} },
    {
      ...secret,
      metadata: { namespace: "default", name: "keyless" },
      data: { "tls.crt": Buffer.from(good.certificate).toString("base64") },
    },
  );
  expect(
    (["default/none", "default/opaque", "default/empty", "default/keyless"] as const).map((key) => certificate(store, key)),
  ).toEqual([
    { type: "invalid", problem: "not found" },
    { type: "invalid", problem: "is not of type kubernetes.io/tls" },
    { type: "invalid", problem: "has no tls.crt" },
    { type: "invalid", problem: "has no tls.key" },
  ]);
});

test("an OCSP staple goes along", () => {
  const secret = tlsSecret("default/tls", good);
  const store = world({ ...secret, data: { ...(secret.data as object), "tls.ocsp-staple": "AQID" } });
  expect(certificate(store, "default/tls")).toMatchObject({ certificate: { ocspStaple: new Uint8Array([1, 2, 3]) } });
});

test("a certificate expires when the clock says so, and parsing does not run again", () => {
  const old = makeCertificate({ names: ["a"], notAfter: new Date("2026-06-01T00:00:00Z") });
  const store = world(tlsSecret("default/tls", old));
  const clock = (now: string) => applied({ kind: "Clock", metadata: { name: "clock" }, now });
  expect(certificate(store, "default/tls").type).toBe("valid");
  store.apply([clock("2026-05-31T23:59:59.999Z")]);
  expect(certificate(store, "default/tls").type).toBe("valid");
  store.apply([clock("2026-06-01T00:00:00.000Z")]);
  expect(certificate(store, "default/tls")).toEqual({
    type: "invalid",
    problem: "has a certificate that expired at 2026-06-01T00:00:00.000Z",
  });
  expect(store.computed).toEqual(["certificate(default/tls)"]);
});

test("the fixture makes certificates that verify", () => {
  const parsed = new X509Certificate(good.certificate);
  expect(parsed.verify(parsed.publicKey)).toBe(true);
});
