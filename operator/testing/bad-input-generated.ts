// What the corpus of bad inputs cannot hold as a file: cases too large to read, certificates, and the good world beside the bad. Test code.

import { ecKey, makeCertificate, rsaKey } from "../../reconcilers/testing/certificates.ts";
import type { BadCase, Variables } from "./bad-input.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** Values of the "$NAME"s that are not ports. */
export const variables: Variables = certificates();

function certificates(): Variables {
  const good = makeCertificate({ names: ["bad.example.com"] });
  const other = makeCertificate({ names: ["other.example.com"] });
  const expired = makeCertificate({ names: ["bad.example.com"], notAfter: new Date("2021-01-01T00:00:00Z") });
  const odd = makeCertificate({ names: ["bad.example.com"], key: ecKey("secp256k1") });
  const weak = makeCertificate({ names: ["bad.example.com"], key: rsaKey(1024) });
  return {
    CERT: base64(good.certificate),
    CERT_KEY: base64(good.key),
    OTHER_KEY: base64(other.key),
    EXPIRED_CERT: base64(expired.certificate),
    EXPIRED_KEY: base64(expired.key),
    ODD_CERT: base64(odd.certificate),
    ODD_KEY: base64(odd.key),
    WEAK_CERT: base64(weak.certificate),
    WEAK_KEY: base64(weak.key),
    RSA_KEY: base64(rsaKey().export({ type: "pkcs8", format: "pem" }).toString()),
    CERT_CUT: base64(good.certificate.slice(0, -120)),
    CERT_AND_GARBAGE: base64(`${good.certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`),
  };
}

/** What is served while bad files come and go. */
export const goodFiles: Readonly<Record<string, string>> = {
  "good-gateway.yaml": `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: eg}
spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: eg}
spec:
  gatewayClassName: eg
  listeners: [{name: http, protocol: HTTP, port: $GOOD_PORT}]
`,
  "good-route.yaml": `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: good}
spec:
  parentRefs: [{name: eg}]
  hostnames: [good.example.com]
  rules:
    - backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: good}]
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: good}
spec: {endpoints: [{ip: {address: 127.0.0.1, port: $BACKEND_PORT}}]}
`,
};

function route(rules: string, name = "bad"): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}}
spec:
  parentRefs: [{name: eg}]
  hostnames: [bad.example.com]
  rules:
${rules}`;
}

const backendRefs = "backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: good}]";
/** A route bad.example.com that there is nothing wrong with. */
export const goodRoute = route(`    - ${backendRefs}\n`);

function matches(count: number): string {
  const lines = Array.from({ length: count }, (_, i) => `        - path: {type: Exact, value: /p${i}}\n`).join("");
  return route(`    - ${backendRefs}\n      matches:\n${lines}`);
}

function generated(name: string, bad: string, mended?: string): BadCase {
  const file = (text: string) => new Map([[`${name}.yaml`, text]]);
  const serves = { path: "/p1", status: 200 };
  return { name, bad: file(bad), ...(mended !== undefined && { mended: file(mended), serves }) };
}

export const generatedCases: readonly BadCase[] = [
  generated("large-broken-file", `${"# five megabytes of comment ".repeat(200_000)}\nkind: [`),
  generated("large-text-that-is-no-object", `${"a ".repeat(2_500_000)}\n`),
  generated("ten-thousand-matches", matches(10_000), matches(64)),
  generated("regex-of-100000-characters", pathRegex("a".repeat(100_000)), goodRoute),
  generated("hostname-of-300-characters", goodRoute.replace("bad.example.com", `${"a".repeat(60)}.`.repeat(5)), goodRoute),
  generated("name-of-300-characters", goodRoute.replace("name: bad", `name: ${"a".repeat(300)}`), goodRoute),
  generated("nested-ten-thousand-deep", `kind: ${"[".repeat(10_000)}${"]".repeat(10_000)}\n`),
  generated(
    "ten-thousand-unknown-fields",
    `${goodRoute}  more: {${Array.from({ length: 10_000 }, (_, i) => `f${i}: 1`).join(", ")}}\n`,
    goodRoute,
  ),
];

function pathRegex(value: string): string {
  return route(`    - ${backendRefs}\n      matches: [{path: {type: RegularExpression, value: "/${value}"}}]\n`);
}

/** A Backend that nobody uses. */
export function backendFile(name: string): string {
  return `apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: ${name}}
spec: {endpoints: [{ip: {address: 127.0.0.1, port: 9}}]}
`;
}
