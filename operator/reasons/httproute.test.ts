import { route as routeOf } from "./objects.ts";
import { reasons } from "./support.ts";

const route = (fields: Readonly<Record<string, string>>, metadata?: string): string => routeOf("HTTPRoute", fields, metadata);
const parents = (refs: string): string => route({ parentRefs: `[${refs}]` });
const hosts = (...hostnames: readonly string[]): string => route({ hostnames: JSON.stringify(hostnames) });
const backends = (refs: string): string => route({ rules: `[{backendRefs: [${refs}]}]` });
const http = "name: eg, sectionName: http";

describe("parents of an HTTPRoute", () => {
  reasons([
    ["nothing wrong", route({}), "HTTPRoute bad: eg/http Accepted ResolvedRefs", "counted at eg/http"],
    [
      "no listener of that name",
      parents("{name: eg, sectionName: gone}"),
      "HTTPRoute bad: eg/gone Accepted=False/NoMatchingParent ResolvedRefs",
    ],
    [
      "no listener with that port",
      parents("{name: eg, port: 81}"),
      "HTTPRoute bad: eg/81 Accepted=False/NoMatchingParent ResolvedRefs",
    ],
    [
      "a listener of that name with another port",
      parents("{name: eg, sectionName: http, port: 8080}"),
      "HTTPRoute bad: eg/http/8080 Accepted=False/NoMatchingParent ResolvedRefs",
    ],
    ["a Gateway that is not there", parents("{name: gone}"), "HTTPRoute bad: nothing"],
    ["a Gateway of another controller", parents("{name: foreign}"), "HTTPRoute bad: nothing"],
    [
      "a Gateway of another controller beside ours",
      parents("{name: foreign}, {name: eg, sectionName: http}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs",
      "counted at eg/http",
    ],
    ["a kind that is no parent", parents("{group: '', kind: Service, name: echo}"), "HTTPRoute bad: nothing"],
    [
      "the kind of a Gateway in a wrong group",
      parents("{group: example.com, kind: Gateway, name: eg}"),
      "HTTPRoute bad: nothing",
    ],
    [
      "two parentRefs to one Gateway that nothing tells apart",
      parents("{name: eg}, {name: eg}"),
      "refused: references to the same parent must differ in sectionName or port",
    ],
    [
      "one parentRef with a section beside one without",
      parents("{name: eg}, {name: eg, sectionName: http}"),
      "refused: references to the same parent must all have a sectionName, or all a port, or all both",
    ],
    [
      "two sections of one Gateway, of which one is not there",
      parents(`{name: eg, sectionName: gone}, {${http}}`),
      "HTTPRoute bad: eg/gone Accepted=False/NoMatchingParent ResolvedRefs",
      "HTTPRoute bad: eg/http Accepted ResolvedRefs",
      "counted at eg/http",
    ],
    [
      "two ports of one Gateway, of which one is not there",
      parents("{name: eg, port: 81}, {name: eg, port: 80}"),
      "HTTPRoute bad: eg/81 Accepted=False/NoMatchingParent ResolvedRefs",
      "HTTPRoute bad: eg/80 Accepted ResolvedRefs",
      "counted at eg/http",
    ],
    [
      "a listener for TLSRoutes",
      parents("{name: eg, sectionName: passthrough}"),
      "HTTPRoute bad: eg/passthrough Accepted=False/NotAllowedByListeners ResolvedRefs",
    ],
    [
      "a listener for TCPRoutes",
      parents("{name: eg, sectionName: tcp}"),
      "HTTPRoute bad: eg/tcp Accepted=False/NotAllowedByListeners ResolvedRefs",
    ],
    [
      "a listener for GRPCRoutes only",
      parents("{name: eg, sectionName: grpc}"),
      "HTTPRoute bad: eg/grpc Accepted=False/NotAllowedByListeners ResolvedRefs",
    ],
    [
      "a namespace that the listener does not allow, with good backends",
      route(
        { parentRefs: "[{name: eg, namespace: default, sectionName: own}]", hostnames: "[bad.own.test]" },
        ", namespace: far",
      ),
      "HTTPRoute far/bad: eg/own Accepted=False/NotAllowedByListeners ResolvedRefs",
    ],
    [
      "a ListenerSet that is not there",
      parents("{group: gateway.networking.x-k8s.io, kind: XListenerSet, name: gone}"),
      "HTTPRoute bad: nothing",
    ],
    ["no parent at all", route({ parentRefs: "[]" }), "HTTPRoute bad: nothing"],
  ]);
});

describe("hostnames of an HTTPRoute", () => {
  const own = (...hostnames: readonly string[]): string =>
    route({ parentRefs: "[{name: eg, sectionName: own}]", hostnames: JSON.stringify(hostnames) });
  reasons([
    [
      "none in common with the listener",
      own("bad.test"),
      "HTTPRoute bad: eg/own Accepted=False/NoMatchingListenerHostname ResolvedRefs",
      "counted at eg/own",
    ],
    [
      "the bare domain of the listener's wildcard",
      own("own.test"),
      "HTTPRoute bad: eg/own Accepted=False/NoMatchingListenerHostname ResolvedRefs",
      "counted at eg/own",
    ],
    [
      "a wildcard that is wider than the listener's",
      own("*.test"),
      "HTTPRoute bad: eg/own Accepted ResolvedRefs",
      "counted at eg/own",
    ],
    ["one of two in common", own("bad.test", "bad.own.test"), "HTTPRoute bad: eg/own Accepted ResolvedRefs", "counted at eg/own"],
    ["an IP address", hosts("192.0.2.1"), "HTTPRoute bad: eg/http Accepted ResolvedRefs", "counted at eg/http"],
    [
      "an IPv6 address",
      hosts("2001:db8::1"),
      "refused: must be a hostname in lower case, such as www.example.com, perhaps with '*.' before it; without scheme, port or final dot, not \"2001:db8::1\"",
    ],
    [
      "an empty one",
      hosts(""),
      "refused: must have at least 1 characters, not 0",
      "refused: must be a hostname in lower case, such as www.example.com, perhaps with '*.' before it; without scheme, port or final dot, not \"\"",
    ],
    [
      "a wildcard alone",
      hosts("*"),
      "refused: must be a hostname in lower case, such as www.example.com, perhaps with '*.' before it; without scheme, port or final dot, not \"*\"",
    ],
    [
      "a wildcard inside",
      hosts("a.*.test"),
      "refused: must be a hostname in lower case, such as www.example.com, perhaps with '*.' before it; without scheme, port or final dot, not \"a.*.test\"",
    ],
    [
      "a wildcard for a part of a label",
      hosts("*a.test"),
      "refused: must be a hostname in lower case, such as www.example.com, perhaps with '*.' before it; without scheme, port or final dot, not \"*a.test\"",
    ],
    [
      "a port",
      hosts("bad.test:80"),
      "refused: must be a hostname in lower case, such as www.example.com, perhaps with '*.' before it; without scheme, port or final dot, not \"bad.test:80\"",
    ],
    [
      "upper case",
      hosts("Bad.test"),
      "refused: must be a hostname in lower case, such as www.example.com, perhaps with '*.' before it; without scheme, port or final dot, not \"Bad.test\"",
    ],
    ["one twice", hosts("bad.test", "bad.test"), "HTTPRoute bad: eg/http Accepted ResolvedRefs", "counted at eg/http"],
  ]);
});

describe("backends of an HTTPRoute", () => {
  reasons([
    [
      "a Service that is not there",
      backends("{name: gone, port: 8080}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/BackendNotFound",
      "counted at eg/http",
      "answers 500",
    ],
    [
      "a kind that is not known",
      backends("{kind: Bucket, name: echo, port: 8080}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/InvalidKind",
      "counted at eg/http",
      "answers 500",
    ],
    [
      "a Service of a wrong group",
      backends("{group: apps, kind: Service, name: echo, port: 8080}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/InvalidKind",
      "counted at eg/http",
      "answers 500",
    ],
    [
      "another namespace without a grant",
      backends("{name: echo, namespace: far, port: 8080}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/RefNotPermitted",
      "counted at eg/http",
      "answers 500",
    ],
    [
      "another namespace that is not there, without a grant",
      backends("{name: echo, namespace: gone, port: 8080}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/RefNotPermitted",
      "counted at eg/http",
      "answers 500",
    ],
    [
      "a port that the Service does not have",
      backends("{name: echo, port: 81}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/PortNotFound",
      "counted at eg/http",
      "answers 500",
    ],
    [
      "a port that is UDP",
      backends("{name: echo, port: 53}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/PortNotFound",
      "counted at eg/http",
      "answers 500",
    ],
    ["no port", backends("{name: echo}"), "refused: a reference to a Service needs a port"],
    ["a port out of range", backends("{name: echo, port: 65536}"), "refused: must be at most 65535, not 65536"],
    [
      "an ExternalName Service",
      backends("{name: outside, port: 8080}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/UnsupportedValue",
      "counted at eg/http",
      "answers 500",
    ],
    [
      "an application protocol that is not known",
      backends("{name: odd, port: 8080}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs",
      "counted at eg/http",
    ],
    [
      "a port for WebSockets",
      backends("{name: sockets, port: 8080}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs",
      "counted at eg/http",
    ],
    [
      "a port for WebSockets over TLS, and nobody says which TLS",
      backends("{name: sockets, port: 8443}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/UnsupportedProtocol",
      "counted at eg/http",
      "answers 500",
    ],
    [
      "a Backend that is not there",
      backends("{group: gateway.envoyproxy.io, kind: Backend, name: gone}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/BackendNotFound",
      "counted at eg/http",
      "answers 500",
    ],
    [
      "weights that are all 0",
      backends("{name: echo, port: 8080, weight: 0}, {name: echo, port: 8443, weight: 0}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs",
      "counted at eg/http",
      "answers 500",
    ],
    ["a negative weight", backends("{name: echo, port: 8080, weight: -1}"), "refused: must be at least 0, not -1"],
    ["none", backends(""), "HTTPRoute bad: eg/http Accepted ResolvedRefs", "counted at eg/http", "answers 500"],
    [
      "an invalid one beside a good one",
      backends("{name: gone, port: 8080}, {name: echo, port: 8080}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/BackendNotFound",
      "counted at eg/http",
    ],
    [
      "an invalid one without weight",
      backends("{name: gone, port: 8080, weight: 0}, {name: echo, port: 8080}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/BackendNotFound",
      "counted at eg/http",
    ],
    [
      "two that are invalid for different reasons",
      backends("{kind: Bucket, name: b}, {name: gone, port: 8080}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/InvalidKind",
      "counted at eg/http",
      "answers 500",
    ],
    [
      "one rule permitted, one not",
      route({
        rules:
          "[{backendRefs: [{name: echo, port: 8080}]}, {matches: [{path: {value: /far}}], backendRefs: [{name: echo, namespace: far, port: 8080}]}]",
      }),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/RefNotPermitted",
      "counted at eg/http",
      "answers 500",
    ],
    [
      "a parent that rejects, and a backend that is not there",
      route({ parentRefs: "[{name: eg, sectionName: gone}]", rules: "[{backendRefs: [{name: gone, port: 8080}]}]" }),
      "HTTPRoute bad: eg/gone Accepted=False/NoMatchingParent ResolvedRefs=False/BackendNotFound",
    ],
  ]);
});
