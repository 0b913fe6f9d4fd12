import type { Store } from "../store/store.ts";
import { backend as reconciler } from "./backend.ts";
import { backend } from "./testing/routes.ts";
import { makeCertificate } from "./testing/certificates.ts";
import { config } from "./testing/gateways.ts";
import type { TestObject } from "./testing/object.ts";
import { world } from "./testing/world.ts";

const said = (store: Store): readonly string[] =>
  (reconciler.status(store, "default/b")?.conditions ?? []).map(
    ({ type, status, reason, message }) => `${type}=${status}/${reason} ${message}`,
  );

const ip = (address: string, port = 80) => ({ ip: { address, port } });
const name = (hostname: string) => ({ fqdn: { hostname, port: 80 } });
const ca: TestObject = {
  kind: "ConfigMap",
  metadata: { namespace: "default", name: "ca" },
  data: { "ca.crt": makeCertificate({ names: ["ca.example.com"] }).certificate },
};
const refersToCa = { caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "ca" }] };
const good = "Accepted=True/Accepted The Backend was accepted.";
const invalid = (message: string): string => `Accepted=False/Invalid Backend default/b ${message}.`;

const cases: readonly (readonly [string, Readonly<Record<string, unknown>>, string, ...TestObject[]])[] = [
  ["an address", { endpoints: [ip("10.0.0.1")] }, good],
  ["an IPv6 address", { endpoints: [ip("fd00::1")] }, good],
  ["a Unix socket", { endpoints: [{ unix: { path: "/run/app.sock" } }] }, good],
  ["no endpoint", {}, invalid("has no endpoints")],
  [
    "names beside addresses",
    { endpoints: [ip("10.0.0.1"), name("a.test")] },
    invalid("mixes FQDN endpoints with IP or Unix socket endpoints"),
  ],
  ["an address as a name", { endpoints: [name("10.0.0.1")] }, invalid("has the IP address 10.0.0.1 as an FQDN")],
  ["a bare name", { endpoints: [name("localhost")] }, invalid("has the hostname localhost, which must have at least two labels")],
  [
    "something else as an address",
    { endpoints: [ip("300.0.0.1")] },
    invalid("has the address 300.0.0.1, which is not an IP address"),
  ],
  ["a port out of range", { endpoints: [ip("10.0.0.1", 0)] }, invalid("has the port 0, which is not between 1 and 65535")],
  [
    "TLS without a way to check it",
    { endpoints: [ip("10.0.0.1")], tls: {} },
    invalid("must specify either CACertificateRefs or WellKnownCACertificates when InsecureSkipVerify is unset or false"),
  ],
  [
    "TLS with a missing CA",
    { endpoints: [ip("10.0.0.1")], tls: refersToCa },
    invalid("has an invalid CA: ConfigMap default/ca not found"),
  ],
  ["TLS with a CA", { endpoints: [ip("10.0.0.1")], tls: refersToCa }, good, ca],
  [
    "a missing client certificate",
    {
      endpoints: [ip("10.0.0.1")],
      tls: { insecureSkipVerify: true, clientCertificateRef: { group: "", kind: "Secret", name: "c" } },
    },
    invalid("has no client certificate: Secret default/c not found"),
  ],
];
for (const [what, spec, want, ...objects] of cases) {
  test(`a Backend with ${what}`, () => expect(said(world(backend("b", spec), ...objects))).toEqual([want]));
}

test("on the host, loopback and bare names are allowed", () => {
  for (const endpoint of [ip("127.0.0.1"), name("localhost")]) {
    expect(said(world(config({ infrastructure: "host" }), backend("b", { endpoints: [endpoint] })))).toEqual([good]);
  }
});

test("a Backend that the configuration does not enable is refused", () => {
  const extensionApis = { enableBackend: false, enableEnvoyPatchPolicy: false, disableLua: false };
  expect(said(world(config({ extensionApis }), backend("b", { endpoints: [ip("10.0.0.1")] })))).toEqual([
    "Accepted=False/Invalid Backend is disabled in Envoy Gateway configuration.",
  ]);
});
