import { route } from "./objects.ts";
import { reasons } from "./support.ts";

/** A Gateway with one listener that nobody else uses. */
const gateway = (listener: string): string =>
  `---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: lone}\nspec: {gatewayClassName: eg, listeners: [{name: a, ${listener}}]}\n`;

describe("a TLSRoute", () => {
  const parents = (refs: string): string => route("TLSRoute", { parentRefs: `[${refs}]` });
  const hosts = (hostnames: string): string => route("TLSRoute", { hostnames });
  const backends = (refs: string): string => route("TLSRoute", { rules: `[{backendRefs: [${refs}]}]` });
  reasons([
    ["nothing wrong", route("TLSRoute", {}), "TLSRoute bad: eg/passthrough Accepted ResolvedRefs", "counted at eg/passthrough"],
    [
      "nothing wrong on a listener that terminates",
      parents("{name: eg, sectionName: terminate}"),
      "TLSRoute bad: eg/terminate Accepted ResolvedRefs",
      "counted at eg/terminate",
    ],
    [
      "no listener of that name",
      parents("{name: eg, sectionName: gone}"),
      "TLSRoute bad: eg/gone Accepted=False/NoMatchingParent ResolvedRefs",
    ],
    [
      "a listener of that name with another port",
      parents("{name: eg, sectionName: passthrough, port: 443}"),
      "TLSRoute bad: eg/passthrough/443 Accepted=False/NoMatchingParent ResolvedRefs",
    ],
    [
      "a listener for HTTPRoutes over TLS",
      parents("{name: eg, sectionName: https}"),
      "TLSRoute bad: eg/https Accepted=False/NotAllowedByListeners ResolvedRefs",
    ],
    [
      "a listener for TCPRoutes",
      parents("{name: eg, sectionName: tcp}"),
      "TLSRoute bad: eg/tcp Accepted=False/NotAllowedByListeners ResolvedRefs",
    ],
    [
      "a namespace that the listener does not allow",
      route(
        "TLSRoute",
        {
          parentRefs: "[{name: eg, namespace: default, sectionName: passthrough}]",
          rules: "[{backendRefs: [{name: echo, port: 8080}]}]",
        },
        ", namespace: far",
      ),
      "TLSRoute far/bad: eg/passthrough Accepted=False/NotAllowedByListeners ResolvedRefs",
    ],
    [
      "no hostname in common",
      route("TLSRoute", { parentRefs: "[{name: eg, sectionName: terminate}]", hostnames: "[bad.test]" }),
      "TLSRoute bad: eg/terminate Accepted=False/NoMatchingListenerHostname ResolvedRefs",
      "counted at eg/terminate",
    ],
    [
      "a hostname that an older route has",
      hosts("[good.secure.test]"),
      "TLSRoute bad: eg/passthrough Accepted=False/UnsupportedValue ResolvedRefs",
      "counted at eg/passthrough",
    ],
    [
      "one hostname of its own, one of an older route",
      hosts("[good.secure.test, bad.secure.test]"),
      "TLSRoute bad: eg/passthrough Accepted ResolvedRefs",
      "counted at eg/passthrough",
    ],
    [
      "an empty server name",
      hosts("['']"),
      "refused: must have at least 1 characters, not 0",
      "refused: must be a hostname in lower case, such as www.example.com, perhaps with '*.' before it; without scheme, port or final dot, not \"\"",
    ],
    ["no hostnames", hosts("[]"), "refused: must have at least 1 items, not 0"],
    [
      "an IP address as server name",
      hosts("['192.0.2.1']"),
      "TLSRoute bad: eg/passthrough Accepted=False/NoMatchingListenerHostname ResolvedRefs",
      "counted at eg/passthrough",
    ],
    [
      "an IP address beside a name",
      hosts("['192.0.2.1', bad.secure.test]"),
      "TLSRoute bad: eg/passthrough Accepted ResolvedRefs",
      "counted at eg/passthrough",
    ],
    [
      "a wildcard inside",
      hosts("[a.*.test]"),
      "refused: must be a hostname in lower case, such as www.example.com, perhaps with '*.' before it; without scheme, port or final dot, not \"a.*.test\"",
    ],
    [
      "a wildcard alone",
      hosts("['*']"),
      "refused: must be a hostname in lower case, such as www.example.com, perhaps with '*.' before it; without scheme, port or final dot, not \"*\"",
    ],
    [
      "a Service that is not there",
      backends("{name: gone, port: 8443}"),
      "TLSRoute bad: eg/passthrough Accepted ResolvedRefs=False/BackendNotFound",
      "counted at eg/passthrough",
    ],
    [
      "a kind that is not known",
      backends("{kind: Bucket, name: b}"),
      "TLSRoute bad: eg/passthrough Accepted ResolvedRefs=False/InvalidKind",
      "counted at eg/passthrough",
    ],
    [
      "another namespace without a grant",
      backends("{name: echo, namespace: far, port: 8080}"),
      "TLSRoute bad: eg/passthrough Accepted ResolvedRefs=False/RefNotPermitted",
      "counted at eg/passthrough",
    ],
    [
      "a port that the Service does not have",
      backends("{name: echo, port: 81}"),
      "TLSRoute bad: eg/passthrough Accepted ResolvedRefs=False/PortNotFound",
      "counted at eg/passthrough",
    ],
    [
      "weights that are all 0",
      backends("{name: echo, port: 8443, weight: 0}"),
      "TLSRoute bad: eg/passthrough Accepted ResolvedRefs",
      "counted at eg/passthrough",
    ],
    ["no backends", backends(""), "refused: must have at least 1 items, not 0"],
    [
      "two rules",
      route("TLSRoute", { rules: "[{backendRefs: [{name: echo, port: 8443}]}, {backendRefs: [{name: echo, port: 8443}]}]" }),
      "refused: must have at most 1 items, not 2",
    ],
    [
      "a listener that allows HTTPRoutes only",
      route("TLSRoute", { parentRefs: "[{name: lone}]" }) +
        gateway("protocol: TLS, port: 8443, tls: {mode: Passthrough}, allowedRoutes: {kinds: [{kind: HTTPRoute}]}"),
      "TLSRoute bad: lone Accepted=False/NotAllowedByListeners ResolvedRefs",
      "Gateway lone: Accepted Programmed",
      "Gateway lone: a [] ResolvedRefs=False/InvalidRouteKinds Accepted Programmed=False/Invalid",
    ],
    [
      "a listener that terminates without a certificate",
      route("TLSRoute", { parentRefs: "[{name: lone}]" }) +
        gateway("protocol: TLS, port: 8443, tls: {mode: Terminate, certificateRefs: [{name: gone}]}"),
      "TLSRoute bad: lone Accepted=False/NoReadyListeners ResolvedRefs",
      "Gateway lone: Accepted Programmed",
      "Gateway lone: a [TLSRoute,TCPRoute] ResolvedRefs=False/InvalidCertificateRef Accepted Programmed=False/Invalid",
      "counted at lone/a",
    ],
  ]);
});
