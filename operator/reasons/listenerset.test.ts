import { reasons } from "./support.ts";

/** The XListenerSet default/bad of Gateway eg, and a route to it. */
function set(listeners: string, { parent = "{name: eg}", metadata = "", name = "bad" } = {}): string {
  return `apiVersion: gateway.networking.x-k8s.io/v1alpha1\nkind: XListenerSet\nmetadata: {name: ${name}${metadata}}\nspec: {parentRef: ${parent}, listeners: [${listeners}]}\n---\n`;
}
const http = "{name: extra, protocol: HTTP, port: 8000}";
const parent = (ref: string): string => set(http, { parent: ref });
const gateway = (allowed: string): string =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: closed}\nspec: {gatewayClassName: eg${allowed}, listeners: [{name: a, protocol: HTTP, port: 80}]}\n---\n`;
const loop = (name: string): string => `{group: gateway.networking.x-k8s.io, kind: XListenerSet, name: ${name}}`;
const route = (ref: string): string =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: bad}\nspec: {parentRefs: [${ref}], rules: [{backendRefs: [{name: echo, port: 8080}]}]}\n---\n`;
const toSet = "{group: gateway.networking.x-k8s.io, kind: XListenerSet, name: bad}";

/** What is said of an XListenerSet is said of a ListenerSet, word for word. */
function ofBothKinds(cases: Parameters<typeof reasons>[0]): void {
  reasons(cases);
  const graduated = (text: string): string =>
    text
      .replaceAll("gateway.networking.x-k8s.io/v1alpha1", "gateway.networking.k8s.io/v1")
      .replaceAll("gateway.networking.x-k8s.io", "gateway.networking.k8s.io")
      .replaceAll("XListenerSet", "ListenerSet");
  describe("which has graduated", () => {
    reasons(cases.map(([name, ...texts]) => [name, ...texts.map(graduated)] as unknown as (typeof cases)[number]));
  });
}

describe("parents of a ListenerSet", () => {
  ofBothKinds([
    [
      "nothing wrong",
      set(http) + route(toSet),
      "XListenerSet bad: Accepted Programmed",
      "XListenerSet bad: extra [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
      "HTTPRoute bad: XListenerSet bad Accepted ResolvedRefs",
      "counted at bad/extra",
    ],
    ["a Gateway that is not there", parent("{name: gone}"), "XListenerSet bad: nothing"],
    ["a Gateway of another controller", parent("{name: foreign}"), "XListenerSet bad: nothing"],
    ["a kind that is no parent", parent("{group: '', kind: Service, name: echo}"), "XListenerSet bad: nothing"],
    [
      "the kind of a Gateway in a wrong group",
      parent("{group: example.com, kind: Gateway, name: eg}"),
      "XListenerSet bad: nothing",
    ],
    ["itself", set(http, { parent: loop("bad") }), "XListenerSet bad: nothing"],
    [
      "a set that has this one as its parent",
      set(http, { parent: loop("other") }) + set(http, { parent: loop("bad"), name: "other" }),
      "XListenerSet bad: nothing",
      "XListenerSet other: nothing",
    ],
    [
      "a set of the Gateway, and a route",
      set(http, { parent: loop("other") }) + set("{name: extra, protocol: HTTP, port: 8001}", { name: "other" }) + route(toSet),
      "XListenerSet bad: Accepted=False/Invalid Programmed=False/Invalid",
      "XListenerSet other: Accepted Programmed",
      "XListenerSet other: extra [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
      "HTTPRoute bad: XListenerSet bad Accepted=False/NoMatchingParent ResolvedRefs",
    ],
    [
      "a namespace that the Gateway does not allow",
      set(http, { parent: "{name: eg, namespace: default}", metadata: ", namespace: far" }),
      "XListenerSet far/bad: Accepted=False/NotAllowed Programmed=False/NotAllowed",
    ],
    [
      "a Gateway that allows nobody, and a route",
      gateway("") + set(http, { parent: "{name: closed}" }) + route(toSet),
      "Gateway closed: Accepted Programmed AttachedListenerSets=False/ListenerSetsNotAllowed",
      "Gateway closed: a [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
      "XListenerSet bad: Accepted=False/NotAllowed Programmed=False/NotAllowed",
      "HTTPRoute bad: XListenerSet bad Accepted=False/NoMatchingParent ResolvedRefs",
    ],
    [
      "a Gateway that allows nobody in so many words",
      gateway(", allowedListeners: {namespaces: {from: None}}") + set(http, { parent: "{name: closed}" }),
      "Gateway closed: Accepted Programmed AttachedListenerSets=False/ListenerSetsNotAllowed",
      "Gateway closed: a [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
      "XListenerSet bad: Accepted=False/NotAllowed Programmed=False/NotAllowed",
    ],
    [
      "a Gateway that allows others by selector",
      gateway(", allowedListeners: {namespaces: {from: Selector, selector: {matchLabels: {team: far}}}}") +
        set(http, { parent: "{name: closed}" }),
      "Gateway closed: Accepted Programmed AttachedListenerSets=False/ListenerSetsNotAllowed",
      "Gateway closed: a [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
      "XListenerSet bad: Accepted=False/NotAllowed Programmed=False/NotAllowed",
    ],
    [
      "a Gateway that is not accepted",
      gateway(", allowedListeners: {namespaces: {from: Same}}, addresses: [{type: test/fake, value: x}]") +
        set(http, { parent: "{name: closed}" }),
      "Gateway closed: Accepted=False/UnsupportedAddress Programmed=False/Invalid AttachedListenerSets=True/ListenerSetsAttached",
      "Gateway closed: a [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
      "XListenerSet bad: Accepted=False/ParentNotAccepted Programmed=False/ParentNotAccepted",
      "XListenerSet bad: extra [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
    ],
    [
      "a Gateway without a valid listener",
      gateway(", allowedListeners: {namespaces: {from: Same}}").replace("protocol: HTTP", "protocol: example.com/magic") +
        set(http, { parent: "{name: closed}" }),
      "Gateway closed: Accepted=False/ListenersNotValid Programmed=False/Invalid AttachedListenerSets=True/ListenerSetsAttached",
      "Gateway closed: a [] Accepted=False/UnsupportedProtocol ResolvedRefs Programmed=False/Invalid",
      "XListenerSet bad: Accepted=False/ParentNotAccepted Programmed=False/ParentNotAccepted",
      "XListenerSet bad: extra [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
    ],
  ]);
});

describe("listeners of a ListenerSet", () => {
  ofBothKinds([
    [
      "a name that the Gateway has is its own",
      set("{name: http, protocol: HTTP, port: 8000}") + route(toSet),
      "XListenerSet bad: Accepted Programmed",
      "XListenerSet bad: http [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
      "HTTPRoute bad: XListenerSet bad Accepted ResolvedRefs",
      "counted at bad/http",
    ],
    [
      "port, protocol and hostname of the Gateway",
      set("{name: extra, protocol: HTTP, port: 80}"),
      "XListenerSet bad: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "XListenerSet bad: extra [HTTPRoute,GRPCRoute] Conflicted=True/HostnameConflict Accepted=False/HostnameConflict ResolvedRefs Programmed=False/Invalid",
    ],
    [
      "a hostname of its own on a port of the Gateway is no conflict",
      set("{name: extra, protocol: HTTP, port: 80, hostname: extra.test}"),
      "XListenerSet bad: Accepted Programmed",
      "XListenerSet bad: extra [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
    ],
    [
      "another protocol on a port of the Gateway",
      set("{name: extra, protocol: TCP, port: 80}"),
      "XListenerSet bad: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "XListenerSet bad: extra [TCPRoute] Conflicted=True/ProtocolConflict Accepted=False/ProtocolConflict ResolvedRefs Programmed=False/Invalid",
    ],
    [
      "TCP on the TCP port of the Gateway",
      set("{name: extra, protocol: TCP, port: 9000}"),
      "XListenerSet bad: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "XListenerSet bad: extra [TCPRoute] Conflicted=True/ProtocolConflict Accepted=False/ProtocolConflict ResolvedRefs Programmed=False/Invalid",
    ],
    [
      "one listener of two taken",
      set(`{name: taken, protocol: HTTP, port: 80}, ${http}`),
      "XListenerSet bad: Accepted=True/ListenersNotValid Programmed",
      "XListenerSet bad: taken [HTTPRoute,GRPCRoute] Conflicted=True/HostnameConflict Accepted=False/HostnameConflict ResolvedRefs Programmed=False/Invalid",
      "XListenerSet bad: extra [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
    ],
    [
      "a port of an older set",
      set(http, { metadata: ', creationTimestamp: "2026-01-03T00:00:00Z"' }) +
        set(http, { name: "older", metadata: ', creationTimestamp: "2026-01-02T00:00:00Z"' }),
      "XListenerSet bad: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "XListenerSet bad: extra [HTTPRoute,GRPCRoute] Conflicted=True/HostnameConflict Accepted=False/HostnameConflict ResolvedRefs Programmed=False/Invalid",
      "XListenerSet older: Accepted Programmed",
      "XListenerSet older: extra [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
    ],
    [
      "a port of an older set in another namespace",
      set(http, {
        name: "younger",
        parent: "{name: open, namespace: default}",
        metadata: ', namespace: far, creationTimestamp: "2026-01-03T00:00:00Z"',
      }) +
        set(http, { parent: "{name: open}", metadata: ', creationTimestamp: "2026-01-02T00:00:00Z"' }) +
        gateway(", allowedListeners: {namespaces: {from: All}}").replace("closed", "open"),
      "XListenerSet far/younger: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "XListenerSet far/younger: extra [HTTPRoute,GRPCRoute] Conflicted=True/HostnameConflict Accepted=False/HostnameConflict ResolvedRefs Programmed=False/Invalid",
      "XListenerSet bad: Accepted Programmed",
      "XListenerSet bad: extra [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
      "Gateway open: Accepted Programmed AttachedListenerSets=True/ListenerSetsAttached",
      "Gateway open: a [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
    ],
    [
      "two of one port",
      set("{name: a, protocol: HTTP, port: 8000}, {name: b, protocol: HTTP, port: 8000}"),
      "refused: no two listeners may have the same port, protocol and hostname",
    ],
    [
      "two with one port and two protocols",
      set("{name: a, protocol: HTTP, port: 8000}, {name: b, protocol: TCP, port: 8000}"),
      "XListenerSet bad: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "XListenerSet bad: a [HTTPRoute,GRPCRoute] Conflicted=True/ProtocolConflict Accepted=False/ProtocolConflict ResolvedRefs Programmed=False/Invalid",
      "XListenerSet bad: b [TCPRoute] Conflicted=True/ProtocolConflict Accepted=False/ProtocolConflict ResolvedRefs Programmed=False/Invalid",
    ],
    [
      "two of one name",
      set("{name: a, protocol: HTTP, port: 8000}, {name: a, protocol: HTTP, port: 8001}"),
      'refused: is there already: {"name":"a"}',
      "refused: no two listeners may have the same name",
    ],
    [
      "a protocol that is not known",
      set("{name: extra, protocol: example.com/magic, port: 8000}"),
      "XListenerSet bad: Accepted=False/ListenersNotValid Programmed=False/Invalid",
      "XListenerSet bad: extra [] Accepted=False/UnsupportedProtocol ResolvedRefs Programmed=False/Invalid",
    ],
    [
      "a route kind that is not known",
      set("{name: extra, protocol: HTTP, port: 8000, allowedRoutes: {kinds: [{kind: InvalidRoute}]}}"),
      "XListenerSet bad: Accepted Programmed=False/Invalid",
      "XListenerSet bad: extra [] ResolvedRefs=False/InvalidRouteKinds Accepted Programmed=False/Invalid",
    ],
    [
      "a certificate that is not there",
      set("{name: extra, protocol: HTTPS, port: 8000, tls: {certificateRefs: [{name: gone}]}}"),
      "XListenerSet bad: Accepted Programmed=False/Invalid",
      "XListenerSet bad: extra [HTTPRoute,GRPCRoute] ResolvedRefs=False/InvalidCertificateRef Accepted Programmed=False/Invalid",
    ],
    [
      "a certificate of another namespace",
      set("{name: extra, protocol: HTTPS, port: 8000, tls: {certificateRefs: [{name: secure, namespace: far}]}}"),
      "XListenerSet bad: Accepted Programmed=False/Invalid",
      "XListenerSet bad: extra [HTTPRoute,GRPCRoute] ResolvedRefs=False/RefNotPermitted Accepted Programmed=False/Invalid",
    ],
    [
      "tls where there is none",
      set("{name: extra, protocol: HTTP, port: 8000, tls: {certificateRefs: [{name: secure}]}}"),
      "refused: listeners of protocol HTTP, TCP or UDP cannot have tls",
    ],
    ["none", set(""), "refused: must have at least 1 items, not 0"],
    [
      "a route to a section that is the Gateway's",
      set(http) + route("{group: gateway.networking.x-k8s.io, kind: XListenerSet, name: bad, sectionName: http}"),
      "XListenerSet bad: Accepted Programmed",
      "XListenerSet bad: extra [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
      "HTTPRoute bad: XListenerSet bad/http Accepted=False/NoMatchingParent ResolvedRefs",
    ],
    [
      "a route to the Gateway for a section that is the set's",
      set(http) + route("{name: eg, sectionName: extra}"),
      "XListenerSet bad: Accepted Programmed",
      "XListenerSet bad: extra [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
      "HTTPRoute bad: eg/extra Accepted=False/NoMatchingParent ResolvedRefs",
    ],
  ]);
});

describe("an XListenerSet alone may have", () => {
  reasons([
    [
      "no port",
      set("{name: extra, protocol: HTTP}"),
      "XListenerSet bad: Accepted=False/UnsupportedPort Programmed=False/Invalid",
    ],
    [
      "no port beside a port",
      set(`{name: none, protocol: HTTP}, ${http}`),
      "XListenerSet bad: Accepted=True/ListenersNotValid Programmed",
      "XListenerSet bad: extra [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed",
    ],
  ]);
});
