import { route as routeOf } from "./objects.ts";
import { reasons } from "./support.ts";

const route = (fields: Readonly<Record<string, string>>, metadata?: string): string => routeOf("GRPCRoute", fields, metadata);
const parents = (refs: string): string => route({ parentRefs: `[${refs}]` });
const backends = (refs: string): string => route({ rules: `[{backendRefs: [${refs}]}]` });
const filters = (all: string): string => route({ rules: `[{filters: [${all}], backendRefs: [{name: echo, port: 8080}]}]` });
const matches = (all: string): string => route({ rules: `[{matches: [${all}], backendRefs: [{name: echo, port: 8080}]}]` });

describe("parents of a GRPCRoute", () => {
  reasons([
    ["nothing wrong", route({}), "GRPCRoute bad: eg/grpc Accepted ResolvedRefs", "counted at eg/grpc"],
    [
      "no listener of that name",
      parents("{name: eg, sectionName: gone}"),
      "GRPCRoute bad: eg/gone Accepted=False/NoMatchingParent ResolvedRefs",
    ],
    [
      "a listener of that name with another port",
      parents("{name: eg, sectionName: grpc, port: 80}"),
      "GRPCRoute bad: eg/grpc/80 Accepted=False/NoMatchingParent ResolvedRefs",
    ],
    [
      "a listener for TLSRoutes",
      parents("{name: eg, sectionName: passthrough}"),
      "GRPCRoute bad: eg/passthrough Accepted=False/NotAllowedByListeners ResolvedRefs",
    ],
    [
      "a listener for UDPRoutes",
      parents("{name: eg, sectionName: udp}"),
      "GRPCRoute bad: eg/udp Accepted=False/NotAllowedByListeners ResolvedRefs",
    ],
    [
      "a namespace that the listener does not allow",
      route({ parentRefs: "[{name: eg, namespace: default, sectionName: grpc}]" }, ", namespace: far"),
      "GRPCRoute far/bad: eg/grpc Accepted=False/NotAllowedByListeners ResolvedRefs",
    ],
    [
      "two sections, of which one is not there",
      parents("{name: eg, sectionName: gone}, {name: eg, sectionName: grpc}"),
      "GRPCRoute bad: eg/gone Accepted=False/NoMatchingParent ResolvedRefs",
      "GRPCRoute bad: eg/grpc Accepted ResolvedRefs",
      "counted at eg/grpc",
    ],
    [
      "a Gateway of another controller beside ours",
      parents("{name: foreign}, {name: eg, sectionName: grpc}"),
      "GRPCRoute bad: eg/grpc Accepted ResolvedRefs",
      "counted at eg/grpc",
    ],
    [
      "no hostname in common",
      route({ parentRefs: "[{name: eg, sectionName: own}]" }),
      "GRPCRoute bad: eg/own Accepted=False/NoMatchingListenerHostname ResolvedRefs",
      "counted at eg/own",
    ],
    [
      "a host that an HTTPRoute of the listener has",
      route({ parentRefs: "[{name: eg, sectionName: http}]", hostnames: "[good.secure.test]" }),
      "GRPCRoute bad: eg/http Accepted ResolvedRefs",
      "counted at eg/http",
    ],
    [
      "a wildcard inside a hostname",
      route({ hostnames: "[a.*.test]" }),
      "refused: must be a hostname in lower case, such as www.example.com, perhaps with '*.' before it; without scheme, port or final dot, not \"a.*.test\"",
    ],
  ]);
});

describe("backends of a GRPCRoute", () => {
  reasons([
    [
      "a Service that is not there",
      backends("{name: gone, port: 8080}"),
      "GRPCRoute bad: eg/grpc Accepted ResolvedRefs=False/BackendNotFound",
      "counted at eg/grpc",
      "answers 503",
    ],
    [
      "a kind that is not known",
      backends("{kind: Bucket, name: echo}"),
      "GRPCRoute bad: eg/grpc Accepted ResolvedRefs=False/InvalidKind",
      "counted at eg/grpc",
      "answers 503",
    ],
    [
      "another namespace without a grant",
      backends("{name: echo, namespace: far, port: 8080}"),
      "GRPCRoute bad: eg/grpc Accepted ResolvedRefs=False/RefNotPermitted",
      "counted at eg/grpc",
      "answers 503",
    ],
    [
      "a port that is UDP",
      backends("{name: echo, port: 53}"),
      "GRPCRoute bad: eg/grpc Accepted ResolvedRefs=False/PortNotFound",
      "counted at eg/grpc",
      "answers 503",
    ],
    ["no port", backends("{name: echo}"), "refused: a reference to a Service needs a port"],
    [
      "weights that are all 0",
      backends("{name: echo, port: 8080, weight: 0}"),
      "GRPCRoute bad: eg/grpc Accepted ResolvedRefs",
      "counted at eg/grpc",
      "answers 503",
    ],
    ["none", backends(""), "GRPCRoute bad: eg/grpc Accepted ResolvedRefs", "counted at eg/grpc", "answers 503"],
    [
      "an ExternalName Service",
      backends("{name: outside, port: 8080}"),
      "GRPCRoute bad: eg/grpc Accepted ResolvedRefs=False/UnsupportedValue",
      "counted at eg/grpc",
      "answers 503",
    ],
    [
      "a Service for WebSockets",
      backends("{name: sockets, port: 8080}"),
      "GRPCRoute bad: eg/grpc Accepted ResolvedRefs=False/UnsupportedProtocol",
      "counted at eg/grpc",
      "answers 503",
    ],
  ]);
});

describe("matches and filters of a GRPCRoute", () => {
  reasons([
    ["a method without service and method", matches("{method: {type: Exact}}"), "refused: service or method must be given"],
    [
      "a service that is none",
      matches("{method: {service: 'a/b'}}"),
      "refused: service is not a name that gRPC allows (type Exact)",
    ],
    [
      "a method that is none",
      matches("{method: {service: a, method: 'b c'}}"),
      "refused: method is not a name that gRPC allows (type Exact)",
    ],
    [
      "a type of match that is not known",
      matches("{method: {type: Prefix, service: a}}"),
      'refused: must be one of "Exact", "RegularExpression", not "Prefix"',
    ],
    [
      "an expression that is none",
      matches("{method: {type: RegularExpression, service: '('}}"),
      "GRPCRoute bad: eg/grpc Accepted=False/UnsupportedValue ResolvedRefs",
      "counted at eg/grpc",
    ],
    [
      "a header of the protocol",
      matches("{headers: [{name: ':path', value: /a}]}"),
      'refused: must be an HTTP header name: letters, digits and !#$%&\'*+-.^_`|~, not ":path"',
    ],
    ["rules of one name", route({ rules: "[{name: a}, {name: a}]" }), "refused: no two rules may have the same name"],
    [
      "a filter of HTTPRoutes",
      filters("{type: RequestRedirect, requestRedirect: {}}"),
      'refused: must be one of "ResponseHeaderModifier", "RequestHeaderModifier", "RequestMirror", "ExtensionRef", not "RequestRedirect"',
      "refused: unknown field",
    ],
    ["a filter without its field", filters("{type: RequestMirror}"), "refused: type RequestMirror needs requestMirror"],
    [
      "a filter twice",
      filters(
        "{type: RequestHeaderModifier, requestHeaderModifier: {remove: [a]}}, {type: RequestHeaderModifier, requestHeaderModifier: {remove: [b]}}",
      ),
      "refused: only one RequestHeaderModifier filter is allowed",
    ],
    [
      "an extension of a kind that is not known",
      filters("{type: ExtensionRef, extensionRef: {group: example.com, kind: Magic, name: m}}"),
      "GRPCRoute bad: eg/grpc Accepted ResolvedRefs=False/InvalidKind",
      "counted at eg/grpc",
      "answers 503",
    ],
    [
      "an HTTPRouteFilter",
      filters("{type: ExtensionRef, extensionRef: {group: gateway.envoyproxy.io, kind: HTTPRouteFilter, name: m}}"),
      "GRPCRoute bad: eg/grpc Accepted ResolvedRefs=False/InvalidKind",
      "counted at eg/grpc",
      "answers 503",
    ],
    [
      "a mirror that is not there",
      filters("{type: RequestMirror, requestMirror: {backendRef: {name: gone, port: 8080}}}"),
      "GRPCRoute bad: eg/grpc Accepted ResolvedRefs=False/BackendNotFound",
      "counted at eg/grpc",
    ],
  ]);
});
