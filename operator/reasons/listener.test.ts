import { reasons } from "./support.ts";

/** The Gateway default/bad with these listeners. */
function gateway(listeners: string, more = ""): string {
  return `apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: bad}\nspec: {gatewayClassName: eg${more}, listeners: [${listeners}]}\n`;
}
const terminate = (ref: string, mode = ""): string =>
  gateway(`{name: a, protocol: HTTPS, port: 443, tls: {${mode}certificateRefs: [${ref}]}}`);
const good = "{name: good, protocol: HTTP, port: 8000}";
const document = (kind: string, name: string, rest: string, apiVersion = "v1"): string =>
  `---\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {${name}}\n${rest}\n`;

describe("a listener", () => {
  reasons([
    [
      "a protocol that is not known",
      gateway(`${good}, {name: a, protocol: example.com/magic, port: 80}`),
      "Gateway bad: Accepted=True/ListenersNotValid Programmed",
      "Gateway bad: good [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
      "Gateway bad: a [] Accepted=False/UnsupportedProtocol ResolvedRefs Programmed=False/Invalid",
    ],
    [
      "only a protocol that is not known",
      gateway("{name: a, protocol: example.com/magic, port: 80}"),
      "Gateway bad: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "Gateway bad: a [] Accepted=False/UnsupportedProtocol ResolvedRefs Programmed=False/Invalid",
    ],
    [
      "a route kind that is not known",
      gateway("{name: a, protocol: HTTP, port: 80, allowedRoutes: {kinds: [{kind: InvalidRoute}]}}"),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [] ResolvedRefs=False/InvalidRouteKinds Accepted Programmed=False/Invalid",
    ],
    [
      "one of two route kinds",
      gateway("{name: a, protocol: HTTP, port: 80, allowedRoutes: {kinds: [{kind: InvalidRoute}, {kind: HTTPRoute}]}}"),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [HTTPRoute] ResolvedRefs=False/InvalidRouteKinds Accepted Programmed",
    ],
    [
      "a route kind of another group",
      gateway("{name: a, protocol: HTTP, port: 80, allowedRoutes: {kinds: [{group: example.com, kind: HTTPRoute}]}}"),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [] ResolvedRefs=False/InvalidRouteKinds Accepted Programmed=False/Invalid",
    ],
    [
      "a route kind of another protocol",
      gateway("{name: a, protocol: HTTP, port: 80, allowedRoutes: {kinds: [{kind: TLSRoute}]}}"),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [] ResolvedRefs=False/InvalidRouteKinds Accepted Programmed=False/Invalid",
    ],
    [
      "HTTPRoutes where TLS passes through",
      gateway("{name: a, protocol: TLS, port: 443, tls: {mode: Passthrough}, allowedRoutes: {kinds: [{kind: HTTPRoute}]}}"),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [] ResolvedRefs=False/InvalidRouteKinds Accepted Programmed=False/Invalid",
    ],
    [
      "TCPRoutes where TLS passes through",
      gateway("{name: a, protocol: TLS, port: 443, tls: {mode: Passthrough}, allowedRoutes: {kinds: [{kind: TCPRoute}]}}"),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [] ResolvedRefs=False/InvalidRouteKinds Accepted Programmed=False/Invalid",
    ],
    [
      "namespaces by a selector that is not there",
      gateway("{name: a, protocol: HTTP, port: 80, allowedRoutes: {namespaces: {from: Selector}}}"),
      "Gateway bad: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "Gateway bad: a [HTTPRoute,GRPCRoute] Programmed=False/Invalid Accepted=False/Invalid ResolvedRefs",
    ],
    [
      "namespaces by a selector that is none",
      gateway(
        "{name: a, protocol: HTTP, port: 80, allowedRoutes: {namespaces: {from: Selector, selector: {matchExpressions: [{key: a, operator: Near}]}}}}",
      ),
      "Gateway bad: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "Gateway bad: a [HTTPRoute,GRPCRoute] Programmed=False/Invalid Accepted=False/Invalid ResolvedRefs",
    ],
    [
      "namespaces from somewhere",
      gateway("{name: a, protocol: HTTP, port: 80, allowedRoutes: {namespaces: {from: Somewhere}}}"),
      'refused: must be one of "All", "Selector", "Same", not "Somewhere"',
    ],
    [
      "two of one name",
      gateway("{name: a, protocol: HTTP, port: 80}, {name: a, protocol: HTTP, port: 81}"),
      'refused: is there already: {"name":"a"}',
      "refused: no two listeners may have the same name",
    ],
    [
      "a name in upper case",
      gateway("{name: A, protocol: HTTP, port: 80}"),
      "refused: must be a DNS name in lower case: letters, digits, '-' and '.', not \"A\"",
    ],
    ["port 0", gateway("{name: a, protocol: HTTP, port: 0}"), "refused: must be at least 1, not 0"],
    ["a port out of range", gateway("{name: a, protocol: HTTP, port: 65536}"), "refused: must be at most 65535, not 65536"],
    [
      "a hostname with a port",
      gateway("{name: a, protocol: HTTP, port: 80, hostname: 'a.test:80'}"),
      "refused: must be a hostname in lower case, such as www.example.com, perhaps with '*.' before it; without scheme, port or final dot, not \"a.test:80\"",
    ],
    [
      "an empty hostname",
      gateway("{name: a, protocol: HTTP, port: 80, hostname: ''}"),
      "refused: must have at least 1 characters, not 0",
      "refused: must be a hostname in lower case, such as www.example.com, perhaps with '*.' before it; without scheme, port or final dot, not \"\"",
    ],
    [
      "a wildcard inside a hostname",
      gateway("{name: a, protocol: HTTP, port: 80, hostname: 'a.*.test'}"),
      "refused: must be a hostname in lower case, such as www.example.com, perhaps with '*.' before it; without scheme, port or final dot, not \"a.*.test\"",
    ],
    [
      "a wildcard alone as hostname",
      gateway("{name: a, protocol: HTTP, port: 80, hostname: '*'}"),
      "refused: must be a hostname in lower case, such as www.example.com, perhaps with '*.' before it; without scheme, port or final dot, not \"*\"",
    ],
    [
      "an IP address as hostname",
      gateway("{name: a, protocol: HTTP, port: 80, hostname: 192.0.2.1}"),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
    ],
    [
      "an IP address as server name",
      gateway("{name: a, protocol: TLS, port: 443, hostname: 192.0.2.1, tls: {mode: Passthrough}}"),
      "Gateway bad: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "Gateway bad: a [TLSRoute] Programmed=False/Invalid Accepted=False/Invalid ResolvedRefs",
    ],
    [
      "an IP address as server name of HTTPS",
      gateway("{name: a, protocol: HTTPS, port: 443, hostname: 192.0.2.1, tls: {certificateRefs: [{name: secure}]}}"),
      "Gateway bad: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "Gateway bad: a [HTTPRoute,GRPCRoute] Programmed=False/Invalid Accepted=False/Invalid ResolvedRefs",
    ],
    [
      "a hostname of a TCP listener",
      gateway("{name: a, protocol: TCP, port: 80, hostname: a.test}"),
      "refused: listeners of protocol TCP or UDP cannot have a hostname",
    ],
  ]);
});

describe("TLS of a listener", () => {
  const garbage = document("Secret", "name: garbage", "type: kubernetes.io/tls\ndata: {tls.crt: SGVsbG8K, tls.key: SGVsbG8K}");
  const opaque = document("Secret", "name: opaque", "type: Opaque\ndata: {tls.crt: SGVsbG8K}");
  reasons([
    [
      "nothing wrong",
      terminate("{name: secure}"),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
    ],
    [
      "a Secret that is not there",
      terminate("{name: gone}"),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [HTTPRoute,GRPCRoute] ResolvedRefs=False/InvalidCertificateRef Accepted Programmed=False/Invalid",
    ],
    [
      "a reference of a wrong group",
      terminate("{group: example.com, kind: Secret, name: secure}"),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [HTTPRoute,GRPCRoute] ResolvedRefs=False/InvalidCertificateRef Accepted Programmed=False/Invalid",
    ],
    [
      "a reference of a wrong kind",
      terminate("{kind: ConfigMap, name: authority}"),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [HTTPRoute,GRPCRoute] ResolvedRefs=False/InvalidCertificateRef Accepted Programmed=False/Invalid",
    ],
    [
      "a Secret that is garbage",
      terminate("{name: garbage}") + garbage,
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [HTTPRoute,GRPCRoute] ResolvedRefs=False/InvalidCertificateRef Accepted Programmed=False/Invalid",
    ],
    [
      "a Secret of another type",
      terminate("{name: opaque}") + opaque,
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [HTTPRoute,GRPCRoute] ResolvedRefs=False/InvalidCertificateRef Accepted Programmed=False/Invalid",
    ],
    [
      "a Secret of another namespace without a grant",
      terminate("{name: secure, namespace: far}"),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [HTTPRoute,GRPCRoute] ResolvedRefs=False/RefNotPermitted Accepted Programmed=False/Invalid",
    ],
    [
      "no reference",
      terminate(""),
      "refused: could not be checked (mode Terminate needs certificateRefs or options): field not found: options in rule self.mode == 'Terminate' ? size(self.certificateRefs) > 0 || size(self.options) > 0 : true",
    ],
    [
      "no tls",
      gateway("{name: a, protocol: HTTPS, port: 443}"),
      "Gateway bad: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "Gateway bad: a [HTTPRoute,GRPCRoute] Programmed=False/Invalid Accepted=False/Invalid ResolvedRefs",
    ],
    [
      "no tls, protocol TLS",
      gateway("{name: a, protocol: TLS, port: 443}"),
      "Gateway bad: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "Gateway bad: a [TLSRoute,TCPRoute] Programmed=False/Invalid Accepted=False/Invalid ResolvedRefs",
    ],
    [
      "tls where there is none",
      gateway("{name: a, protocol: HTTP, port: 80, tls: {certificateRefs: [{name: secure}]}}"),
      "refused: listeners of protocol HTTP, TCP or UDP cannot have tls",
    ],
    [
      "HTTPS that passes TLS through",
      gateway("{name: a, protocol: HTTPS, port: 443, tls: {mode: Passthrough}}"),
      "refused: listeners of protocol HTTPS must have tls mode Terminate",
    ],
    [
      "TLS that passes through, with certificates",
      gateway("{name: a, protocol: TLS, port: 443, tls: {mode: Passthrough, certificateRefs: [{name: secure}]}}"),
      "Gateway bad: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "Gateway bad: a [TLSRoute] Programmed=False/Invalid Accepted=False/Invalid ResolvedRefs",
    ],
    [
      "TLS that terminates without certificates",
      gateway("{name: a, protocol: TLS, port: 443, tls: {mode: Terminate}}"),
      "refused: could not be checked (mode Terminate needs certificateRefs or options): field not found: certificateRefs in rule self.mode == 'Terminate' ? size(self.certificateRefs) > 0 || size(self.options) > 0 : true",
    ],
    [
      "TLS that terminates, with a Secret that is not there",
      gateway("{name: a, protocol: TLS, port: 443, tls: {mode: Terminate, certificateRefs: [{name: gone}]}}"),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [TLSRoute,TCPRoute] ResolvedRefs=False/InvalidCertificateRef Accepted Programmed=False/Invalid",
    ],
    [
      "a mode that is not known",
      terminate("{name: secure}", "mode: Magic, "),
      'refused: must be one of "Terminate", "Passthrough", not "Magic"',
      "refused: listeners of protocol HTTPS must have tls mode Terminate",
    ],
    [
      "one certificate of two",
      terminate("{name: gone}, {name: secure}"),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [HTTPRoute,GRPCRoute] ResolvedRefs=False/PartiallyInvalidCertificateRef Accepted Programmed",
    ],
    [
      "a certificate and route kinds that are both wrong",
      gateway(
        "{name: a, protocol: HTTPS, port: 443, tls: {certificateRefs: [{name: gone}]}, allowedRoutes: {kinds: [{kind: InvalidRoute}]}}",
      ),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [] ResolvedRefs=False/InvalidCertificateRef Accepted Programmed=False/Invalid",
    ],
  ]);
});
