// What is said of a BackendTLSPolicy that is almost right.

import { backendTlsPolicy } from "./backendtlspolicy.ts";
import { makeCertificate } from "./testing/certificates.ts";
import type { TestObject } from "./testing/object.ts";
import { backend, gateway, listener, parent, ref, route, rule, service } from "./testing/routes.ts";
import { world } from "./testing/world.ts";

const pem = makeCertificate({ names: ["ca.example.com"] }).certificate;
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const holder = (kind: "ConfigMap" | "Secret", name: string, data: object): TestObject => ({
  kind,
  metadata: { namespace: "default", name },
  data,
});
const authorities: readonly TestObject[] = [
  holder("ConfigMap", "ca", { "ca.crt": pem }),
  holder("ConfigMap", "other-key", { "ca.pem": pem }),
  holder("ConfigMap", "text", { "ca.crt": "no PEM" }),
  holder("Secret", "ca", { "ca.crt": base64(pem) }),
  holder("Secret", "plain", { "ca.crt": pem }),
  { kind: "ClusterTrustBundle", metadata: { name: "example.com:ours:ca" }, spec: { trustBundle: pem } },
  { kind: "ClusterTrustBundle", metadata: { name: "text" }, spec: { trustBundle: "no PEM" } },
];
const serviceImport = { group: "multicluster.x-k8s.io", kind: "ServiceImport" };
const objects: readonly TestObject[] = [
  gateway("gw", listener("http")),
  route("r", {
    rules: [rule("/", "app"), rule("/gone", "gone"), rule("/import", "far", { backendRefs: [ref("far", serviceImport)] })],
  }),
  service("app"),
  service("unused"),
  backend("app", { endpoints: [{ ip: { address: "10.0.0.1", port: 443 } }] }),
  ...authorities,
];

const app = { group: "", kind: "Service", name: "app" };
const configMap = (name: string) => ({ group: "", kind: "ConfigMap", name });
const policy = (name: string, spec: object, created?: string): TestObject => ({
  kind: "BackendTLSPolicy",
  metadata: { namespace: "default", name, ...(created === undefined ? {} : { creationTimestamp: created }) },
  spec: { targetRefs: [app], validation: { hostname: "app.example", wellKnownCACertificates: "System" }, ...spec },
});
const trusting = (...caCertificateRefs: readonly object[]) => ({ validation: { hostname: "app.example", caCertificateRefs } });

function said(...policies: readonly TestObject[]): readonly string[] {
  const status = backendTlsPolicy.status(world(...objects, ...policies), "default/p");
  return (status?.ancestors ?? []).flatMap(({ ancestorRef, conditions }) =>
    (conditions ?? []).map(
      ({ type, status: holds, reason, message }) => `${ancestorRef.name} ${type}=${holds}/${reason} ${message}`,
    ),
  );
}

const inEffect = "gw Accepted=True/Accepted The policy is in effect.";
const resolved = "gw ResolvedRefs=True/ResolvedRefs All references of the policy are resolved.";
const noAuthority = "gw Accepted=False/NoValidCACertificate No CA certificate is usable, see the ResolvedRefs condition.";
const unresolved = (message: string): string => `gw ResolvedRefs=False/InvalidCACertificateRef ${message}`;
const wrongKind = (shown: string): string =>
  `gw ResolvedRefs=False/InvalidKind ${shown} cannot hold a CA, it must be a ConfigMap, Secret or ClusterTrustBundle.certificates.k8s.io.`;
const bundle = (name: string) => ({ group: "certificates.k8s.io", kind: "ClusterTrustBundle", name });

const references: readonly (readonly [string, readonly object[], ...string[]])[] = [
  ["a ConfigMap", [configMap("ca")], inEffect, resolved],
  ["a Secret", [{ group: "", kind: "Secret", name: "ca" }], inEffect, resolved],
  ["a ClusterTrustBundle", [bundle("example.com:ours:ca")], inEffect, resolved],
  ["a ConfigMap that does not exist", [configMap("none")], noAuthority, unresolved("ConfigMap default/none not found.")],
  [
    "a ConfigMap with another key",
    [configMap("other-key")],
    noAuthority,
    unresolved("ConfigMap default/other-key has no key ca.crt."),
  ],
  [
    "a ConfigMap with something else",
    [configMap("text")],
    noAuthority,
    unresolved("ConfigMap default/text has no certificate in key ca.crt."),
  ],
  [
    "a Secret that is not encoded",
    [{ group: "", kind: "Secret", name: "plain" }],
    noAuthority,
    unresolved("Secret default/plain has no certificate in key ca.crt."),
  ],
  ["a ClusterTrustBundle that does not exist", [bundle("none")], noAuthority, unresolved("ClusterTrustBundle none not found.")],
  [
    "a ClusterTrustBundle with something else",
    [bundle("text")],
    noAuthority,
    unresolved("ClusterTrustBundle text has no certificate."),
  ],
  ["a ClusterTrustBundle of no group", [{ ...bundle("text"), group: "" }], noAuthority, wrongKind("ClusterTrustBundle text")],
  ["a ConfigMap of a group", [{ ...configMap("ca"), group: "example.com" }], noAuthority, wrongKind("ConfigMap.example.com ca")],
  ["a Service", [{ group: "", kind: "Service", name: "app" }], noAuthority, wrongKind("Service app")],
  [
    "one usable CA and one that is not",
    [configMap("ca"), configMap("none")],
    inEffect,
    unresolved("ConfigMap default/none not found."),
  ],
];
for (const [name, refs, ...expected] of references) {
  test(`it trusts ${name}`, () => expect(said(policy("p", trusting(...refs)))).toEqual(expected));
}

const targets: readonly (readonly [string, readonly object[], ...string[]])[] = [
  ["a Service that nothing uses: there is no Gateway to speak to", [{ ...app, name: "unused" }]],
  [
    "a Service that does not exist",
    [{ ...app, name: "gone" }],
    "gw Accepted=False/TargetNotFound Not found: Service default/gone.",
    resolved,
  ],
  [
    "a port that does not exist",
    [{ ...app, sectionName: "https" }],
    "gw Accepted=False/TargetNotFound Not found: Service default/app port https.",
    resolved,
  ],
  ["a port by its name", [{ ...app, sectionName: "http" }], inEffect, resolved],
  [
    "a port by its number, which is for Backends",
    [{ ...app, sectionName: "8080" }],
    "gw Accepted=False/TargetNotFound Not found: Service default/app port 8080.",
    resolved,
  ],
  [
    "a ServiceImport",
    [{ ...serviceImport, name: "far" }],
    "gw Accepted=False/Invalid A BackendTLSPolicy must be for a Service or Backend, not for ServiceImport default/far.",
    resolved,
  ],
  ["a ServiceImport of another group, which no route uses", [{ group: "example.com", kind: "ServiceImport", name: "far" }]],
  [
    "a Service of a group, beside one that is used",
    [app, { group: "example.com", kind: "Service", name: "app" }],
    "gw Accepted=False/Invalid A BackendTLSPolicy must be for a Service or Backend, not for Service default/app.",
    resolved,
  ],
];
for (const [name, targetRefs, ...expected] of targets) {
  test(`it is for ${name}`, () => expect(said(policy("p", { targetRefs }))).toEqual(expected));
}

test("the older policy comes first, then the first by name; one for a port stands beside one for the whole", () => {
  const taken = "gw Accepted=False/Conflicted Another policy comes first: Service default/app belongs to default/z.";
  const [early, late] = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"];
  expect(said(policy("p", {}, late), policy("z", {}, early))).toEqual([taken, resolved]);
  expect(said(policy("p", {}, early), policy("z", {}, early))).toEqual([inEffect, resolved]);
  expect(said(policy("p", {}, late), policy("z", { targetRefs: [{ ...app, sectionName: "http" }] }, early))).toEqual([
    inEffect,
    resolved,
  ]);
});

test("it speaks to 16 Gateways at most", () => {
  const gateways = Array.from({ length: 17 }, (_, index) => `gw-${String(index).padStart(2, "0")}`);
  const store = world(
    ...gateways.map((name) => gateway(name, listener("http"))),
    route("r", { parentRefs: gateways.map((name) => parent(name)), rules: [rule("/", "app")] }),
    service("app"),
    policy("p", {}),
  );
  const ancestors = backendTlsPolicy.status(store, "default/p")?.ancestors ?? [];
  expect(ancestors.map(({ ancestorRef }) => ancestorRef.name)).toEqual(gateways.slice(0, 16));
});
