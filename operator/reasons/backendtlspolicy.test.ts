import { reasons } from "./support.ts";

/** A Service and a route to it, both called bad, and the policy bad. */
function policy(targets: string, validation: string, more = ""): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: bad, creationTimestamp: "2026-01-02T00:00:00Z"}
spec: {targetRefs: [${targets}], validation: {${validation}}}
---
apiVersion: v1
kind: Service
metadata: {name: bad}
spec: {ports: [{name: https, port: 8443}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: bad-1, labels: {kubernetes.io/service-name: bad}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.9]}]
ports: [{name: https, port: 3443}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: bad}
spec:
  parentRefs: [{name: eg, sectionName: http}]
  hostnames: [bad.test]
  rules: [{backendRefs: [{name: bad, port: 8443}]}]
${more}`;
}
const service = "{group: '', kind: Service, name: bad}";
const authority = "caCertificateRefs: [{group: '', kind: ConfigMap, name: authority}], hostname: bad.test";
const validation = (text: string): string => policy(service, text);
const target = (text: string): string => policy(text, authority);
const references = (refs: string): string => validation(`caCertificateRefs: [${refs}], hostname: bad.test`);
const other = (name: string, section = ""): string =>
  `---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: ${name}, creationTimestamp: "2026-01-01T00:00:00Z"}\nspec: {targetRefs: [{group: '', kind: Service, name: bad${section}}], validation: {${authority}}}\n`;
const configMap = (data: string): string => `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: broken}\ndata: ${data}\n`;
const broken = (data: string): string =>
  policy(service, "caCertificateRefs: [{group: '', kind: ConfigMap, name: broken}], hostname: bad.test", configMap(data));

reasons([
  [
    "nothing wrong",
    validation(authority),
    "BackendTLSPolicy bad: eg Accepted ResolvedRefs",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "a ConfigMap that is not there",
    references("{group: '', kind: ConfigMap, name: gone}"),
    "BackendTLSPolicy bad: eg Accepted=False/NoValidCACertificate ResolvedRefs=False/InvalidCACertificateRef",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/InvalidBackendTLS",
    "counted at eg/http",
    "answers 500",
  ],
  [
    "a ConfigMap that is empty",
    broken("{}"),
    "BackendTLSPolicy bad: eg Accepted=False/NoValidCACertificate ResolvedRefs=False/InvalidCACertificateRef",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/InvalidBackendTLS",
    "counted at eg/http",
    "answers 500",
  ],
  [
    "a ConfigMap with another key",
    broken("{ca.pem: $PEM}"),
    "BackendTLSPolicy bad: eg Accepted=False/NoValidCACertificate ResolvedRefs=False/InvalidCACertificateRef",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/InvalidBackendTLS",
    "counted at eg/http",
    "answers 500",
  ],
  [
    "a ConfigMap with garbage",
    broken("{ca.crt: garbage}"),
    "BackendTLSPolicy bad: eg Accepted=False/NoValidCACertificate ResolvedRefs=False/InvalidCACertificateRef",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/InvalidBackendTLS",
    "counted at eg/http",
    "answers 500",
  ],
  [
    "a ConfigMap with a key and no certificate",
    broken("{ca.crt: '-----BEGIN PRIVATE KEY-----'}"),
    "BackendTLSPolicy bad: eg Accepted=False/NoValidCACertificate ResolvedRefs=False/InvalidCACertificateRef",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/InvalidBackendTLS",
    "counted at eg/http",
    "answers 500",
  ],
  [
    "a kind that is not known",
    references("{group: '', kind: Bucket, name: authority}"),
    "BackendTLSPolicy bad: eg Accepted=False/NoValidCACertificate ResolvedRefs=False/InvalidKind",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/InvalidBackendTLS",
    "counted at eg/http",
    "answers 500",
  ],
  [
    "a group that is not known",
    references("{group: example.com, kind: ConfigMap, name: authority}"),
    "BackendTLSPolicy bad: eg Accepted=False/NoValidCACertificate ResolvedRefs=False/InvalidKind",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/InvalidBackendTLS",
    "counted at eg/http",
    "answers 500",
  ],
  [
    "a good reference beside one that is not there",
    references("{group: '', kind: ConfigMap, name: gone}, {group: '', kind: ConfigMap, name: authority}"),
    "BackendTLSPolicy bad: eg Accepted ResolvedRefs=False/InvalidCACertificateRef",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "a good reference beside one of a kind that is not known",
    references("{group: '', kind: Bucket, name: b}, {group: '', kind: ConfigMap, name: authority}"),
    "BackendTLSPolicy bad: eg Accepted ResolvedRefs=False/InvalidKind",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "no authority",
    validation("hostname: bad.test"),
    "refused: caCertificateRefs or wellKnownCACertificates must be given",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "two sorts of authority",
    validation(`${authority}, wellKnownCACertificates: System`),
    "refused: caCertificateRefs and wellKnownCACertificates exclude each other",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "an authority that is not well known",
    validation("wellKnownCACertificates: Nobody, hostname: bad.test"),
    'refused: must be one of "System", not "Nobody"',
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "no hostname",
    validation("wellKnownCACertificates: System"),
    "refused: is required",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "a hostname that is none",
    validation("wellKnownCACertificates: System, hostname: 'bad_test'"),
    "refused: must be a DNS name in lower case: letters, digits, '-' and '.', not \"bad_test\"",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "a wildcard as hostname",
    validation("wellKnownCACertificates: System, hostname: '*.test'"),
    "refused: must be a DNS name in lower case: letters, digits, '-' and '.', not \"*.test\"",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "a name that is a hostname and is called a URI",
    validation(`${authority}, subjectAltNames: [{type: URI, hostname: a.test}]`),
    "refused: hostname is only for type Hostname",
    "refused: type URI needs uri",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "no target",
    policy("", authority),
    "refused: must have at least 1 items, not 0",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "a target that is not there beside one that is",
    target(`${service}, {group: '', kind: Service, name: gone}`),
    "BackendTLSPolicy bad: eg Accepted=False/TargetNotFound ResolvedRefs",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "a section that is not there",
    target("{group: '', kind: Service, name: bad, sectionName: gone}"),
    "BackendTLSPolicy bad: eg Accepted=False/TargetNotFound ResolvedRefs",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "a target of a kind that is not known",
    target("{group: '', kind: Pod, name: bad}"),
    "BackendTLSPolicy bad: nothing",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "a target of a wrong group",
    target("{group: apps, kind: Service, name: bad}"),
    "BackendTLSPolicy bad: nothing",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "one target twice",
    target(`${service}, ${service}`),
    "refused: references to the same target must differ in sectionName",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "a target that an older policy has",
    policy(service, authority, other("aaa")),
    "BackendTLSPolicy bad: eg Accepted=False/Conflicted ResolvedRefs",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "BackendTLSPolicy aaa: eg Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "a section beside an older policy for the whole",
    policy("{group: '', kind: Service, name: bad, sectionName: https}", authority, other("aaa")),
    "BackendTLSPolicy bad: eg Accepted ResolvedRefs",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "BackendTLSPolicy aaa: eg Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "the whole beside an older policy for a section",
    policy(service, authority, other("aaa", ", sectionName: https")),
    "BackendTLSPolicy bad: eg Accepted ResolvedRefs",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "BackendTLSPolicy aaa: eg Accepted ResolvedRefs",
    "counted at eg/http",
  ],
  [
    "nobody uses the target",
    target("{group: '', kind: Service, name: unused}"),
    "BackendTLSPolicy bad: nothing",
    "HTTPRoute bad: eg/http Accepted ResolvedRefs",
    "counted at eg/http",
  ],
]);
