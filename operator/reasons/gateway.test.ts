import { reasons } from "./support.ts";

/** The Gateway default/bad with these listeners. */
function gateway(listeners: string, more = ""): string {
  return `apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: bad}\nspec: {gatewayClassName: eg${more}, listeners: [${listeners}]}\n`;
}
const good = "{name: good, protocol: HTTP, port: 8000}";

describe("a Gateway", () => {
  reasons([
    [
      "nothing wrong",
      gateway(good),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: good [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
    ],
    ["a class that is not there", gateway(good).replace("ClassName: eg", "ClassName: gone"), "Gateway bad: nothing"],
    ["a class of another controller", gateway(good).replace("ClassName: eg", "ClassName: foreign"), "Gateway bad: nothing"],
    ["no class", gateway(good).replace("gatewayClassName: eg, ", ""), "refused: is required"],
    ["no listeners", gateway(""), "refused: must have at least 1 items, not 0"],
    [
      "an address of a type that is not known",
      gateway(good, ", addresses: [{type: test/fake-invalid-type, value: x}]"),
      "Gateway bad: Accepted=False/UnsupportedAddress Programmed=False/Invalid",
      "Gateway bad: good [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
    ],
    [
      "an address of a type without a domain",
      gateway(good, ", addresses: [{type: Fake, value: x}]"),
      'refused: must match ^Hostname|IPAddress|NamedAddress|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\/[A-Za-z0-9\\/\\-._~%!$&\'()*+,;=:]+$, not "Fake"',
    ],
    [
      "an IP address that is none",
      gateway(good, ", addresses: [{value: 192.0.2.300}]"),
      "refused: must have exactly one of the allowed forms (oneOf)",
    ],
    [
      "an IP address twice",
      gateway(good, ", addresses: [{value: 192.0.2.1}, {value: 192.0.2.1}]"),
      "refused: no two IPAddress addresses may be the same",
    ],
    [
      "a hostname as address",
      gateway(good, ", addresses: [{type: Hostname, value: a.test}]"),
      "Gateway bad: Accepted Programmed=False/AddressNotUsable",
      "Gateway bad: good [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
    ],
    [
      "parameters that are not there",
      gateway(good, ", infrastructure: {parametersRef: {group: gateway.envoyproxy.io, kind: EnvoyProxy, name: gone}}"),
      "Gateway bad: Accepted=False/InvalidParameters Programmed=False/Invalid",
      "Gateway bad: good [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
    ],
    [
      "parameters of a kind that is not known",
      gateway(good, ", infrastructure: {parametersRef: {group: '', kind: ConfigMap, name: authority}}"),
      "Gateway bad: Accepted=False/InvalidParameters Programmed=False/Invalid",
      "Gateway bad: good [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
    ],
    [
      "a label that is none",
      gateway(good, ", infrastructure: {labels: {'a b': c}}"),
      "refused: label keys must be a name of at most 63 characters, perhaps after a DNS subdomain and a slash",
    ],
    [
      "sets that are allowed by a selector that selects nothing",
      gateway(good, ", allowedListeners: {namespaces: {from: Selector}}"),
      "Gateway bad: Accepted Programmed AttachedListenerSets=False/NoListenerSetsAttached",
      "Gateway bad: good [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
    ],
  ]);
});

describe("listeners of one port", () => {
  const two = (first: string, second: string): string => gateway(`{name: a, port: 80, ${first}}, {name: b, port: 80, ${second}}`);
  const tls = "tls: {certificateRefs: [{name: secure}]}";
  reasons([
    [
      "HTTP twice",
      two("protocol: HTTP", "protocol: HTTP"),
      "refused: no two listeners may have the same port, protocol and hostname",
    ],
    [
      "HTTP twice with one hostname",
      two("protocol: HTTP, hostname: a.test", "protocol: HTTP, hostname: a.test"),
      "refused: no two listeners may have the same port, protocol and hostname",
    ],
    [
      "HTTP with two hostnames is no conflict",
      two("protocol: HTTP, hostname: a.test", "protocol: HTTP, hostname: '*.test'"),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
      "Gateway bad: b [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
    ],
    [
      "HTTP and HTTPS",
      two("protocol: HTTP, hostname: a.test", `protocol: HTTPS, hostname: b.test, ${tls}`),
      "Gateway bad: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "Gateway bad: a [HTTPRoute,GRPCRoute] Conflicted=True/ProtocolConflict Accepted=False/ProtocolConflict ResolvedRefs Programmed=False/Invalid",
      "Gateway bad: b [HTTPRoute,GRPCRoute] Conflicted=True/ProtocolConflict Accepted=False/ProtocolConflict ResolvedRefs Programmed=False/Invalid",
    ],
    [
      "HTTP and TCP",
      two("protocol: HTTP", "protocol: TCP"),
      "Gateway bad: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "Gateway bad: a [HTTPRoute,GRPCRoute] Conflicted=True/ProtocolConflict Accepted=False/ProtocolConflict ResolvedRefs Programmed=False/Invalid",
      "Gateway bad: b [TCPRoute] Conflicted=True/ProtocolConflict Accepted=False/ProtocolConflict ResolvedRefs Programmed=False/Invalid",
    ],
    [
      "HTTP and UDP are different ports",
      two("protocol: HTTP", "protocol: UDP"),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
      "Gateway bad: b [UDPRoute] Accepted ResolvedRefs Programmed",
    ],
    [
      "TCP and UDP are different ports",
      two("protocol: TCP", "protocol: UDP"),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [TCPRoute] Accepted ResolvedRefs Programmed",
      "Gateway bad: b [UDPRoute] Accepted ResolvedRefs Programmed",
    ],
    [
      "TCP twice",
      two("protocol: TCP", "protocol: TCP"),
      "refused: no two listeners may have the same port, protocol and hostname",
    ],
    [
      "UDP twice",
      two("protocol: UDP", "protocol: UDP"),
      "refused: no two listeners may have the same port, protocol and hostname",
    ],
    [
      "TLS and HTTPS with two hostnames are no conflict",
      two("protocol: TLS, hostname: a.test, tls: {mode: Passthrough}", `protocol: HTTPS, hostname: b.test, ${tls}`),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [TLSRoute] Accepted ResolvedRefs Programmed",
      "Gateway bad: b [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
    ],
    [
      "TLS and HTTPS with one hostname",
      two("protocol: TLS, hostname: a.test, tls: {mode: Passthrough}", `protocol: HTTPS, hostname: a.test, ${tls}`),
      "Gateway bad: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "Gateway bad: a [TLSRoute] Conflicted=True/HostnameConflict Accepted=False/HostnameConflict ResolvedRefs Programmed=False/Invalid",
      "Gateway bad: b [HTTPRoute,GRPCRoute] Conflicted=True/HostnameConflict Accepted=False/HostnameConflict ResolvedRefs Programmed=False/Invalid",
    ],
    [
      "TLS that passes and TLS that ends, with one hostname",
      two("protocol: TLS, hostname: a.test, tls: {mode: Passthrough}", `protocol: TLS, hostname: a.test, ${tls}`),
      "refused: no two listeners may have the same port, protocol and hostname",
    ],
    [
      "TLS and TCP",
      two("protocol: TLS, tls: {mode: Passthrough}", "protocol: TCP"),
      "Gateway bad: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "Gateway bad: a [TLSRoute] Conflicted=True/ProtocolConflict Accepted=False/ProtocolConflict ResolvedRefs Programmed=False/Invalid",
      "Gateway bad: b [TCPRoute] Conflicted=True/ProtocolConflict Accepted=False/ProtocolConflict ResolvedRefs Programmed=False/Invalid",
    ],
    [
      "TLS and UDP are different ports",
      two("protocol: TLS, tls: {mode: Passthrough}", "protocol: UDP"),
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [TLSRoute] Accepted ResolvedRefs Programmed",
      "Gateway bad: b [UDPRoute] Accepted ResolvedRefs Programmed",
    ],
    [
      "a protocol that is not known has no port",
      two("protocol: HTTP", "protocol: example.com/magic"),
      "Gateway bad: Accepted=True/ListenersNotValid Programmed",
      "Gateway bad: a [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
      "Gateway bad: b [] Accepted=False/UnsupportedProtocol ResolvedRefs Programmed=False/Invalid",
    ],
  ]);
});
