import { makeCertificate } from "../testing/certificates.ts";
import { gatewayClass, gatewayWith, terminate, tlsSecret } from "../testing/gateways.ts";
import { problems } from "../testing/listeners.ts";
import { world } from "../testing/world.ts";
import { listenersOf } from "./listeners.ts";

const secret = tlsSecret("default/tls", makeCertificate({ names: ["a.example.com"] }));
const passthrough = { protocol: "TLS", port: 443, tls: { mode: "Passthrough" } };

describe("a listener by itself", () => {
  const invalid = ["Accepted=False/Invalid"];
  for (const [name, listener, want] of [
    ["HTTP must not have tls", { tls: terminate("tls") }, invalid],
    ["HTTPS must have tls", { protocol: "HTTPS" }, invalid],
    ["HTTPS must terminate", { protocol: "HTTPS", tls: { mode: "Passthrough" } }, ["Accepted=False/UnsupportedTLSMode"]],
    ["TLS that terminates must have certificates", { protocol: "TLS", tls: { mode: "Terminate" } }, invalid],
    [
      "TLS that passes through must not have certificates",
      { protocol: "TLS", tls: { ...terminate("tls"), mode: "Passthrough" } },
      invalid,
    ],
    ["TCP must not have a hostname", { protocol: "TCP", hostname: "a.com" }, invalid],
    ["a hostname must be one", { hostname: "a_b.com" }, invalid],
    ["a selector must be there", { allowedRoutes: { namespaces: { from: "Selector" } } }, invalid],
    [
      "a selector must be sound",
      { allowedRoutes: { namespaces: { from: "Selector", selector: { matchExpressions: [{ key: "a", operator: "In" }] } } } },
      invalid,
    ],
    [
      "a kind that is not supported leaves none",
      { allowedRoutes: { kinds: [{ kind: "InvalidRoute" }] } },
      ["ResolvedRefs=False/InvalidRouteKinds"],
    ],
    [
      "a supported kind beside it is served",
      { allowedRoutes: { kinds: [{ kind: "InvalidRoute" }, { kind: "HTTPRoute" }] } },
      ["ready", "ResolvedRefs=False/InvalidRouteKinds"],
    ],
    [
      "a kind of another group is not supported",
      { allowedRoutes: { kinds: [{ group: "example.com", kind: "HTTPRoute" }] } },
      ["ResolvedRefs=False/InvalidRouteKinds"],
    ],
  ] as const)
    test(name, () => expect(problems(secret, gatewayWith("gw", [{ name: "a", ...listener }]))).toEqual({ a: want }));

  test("kinds are those of the protocol, or those asked for among them", () => {
    const kinds = (listener: Readonly<Record<string, unknown>>) =>
      listenersOf(world(gatewayWith("gw", [{ name: "a", ...listener }])), "default/gw")[0]?.kinds.map(({ kind }) => kind);
    expect(kinds({})).toEqual(["HTTPRoute", "GRPCRoute"]);
    expect(kinds({ protocol: "HTTPS" })).toEqual(["HTTPRoute", "GRPCRoute"]);
    expect(kinds(passthrough)).toEqual(["TLSRoute"]);
    expect(kinds({ protocol: "TLS", tls: terminate("tls") })).toEqual(["TLSRoute", "TCPRoute"]);
    expect(kinds({ protocol: "TCP" })).toEqual(["TCPRoute"]);
    expect(kinds({ protocol: "UDP" })).toEqual(["UDPRoute"]);
    expect(kinds({ protocol: "X" })).toEqual([]);
    expect(kinds({ allowedRoutes: { kinds: [{ kind: "TCPRoute" }, { kind: "GRPCRoute" }, { kind: "GRPCRoute" }] } })).toEqual([
      "GRPCRoute",
    ]);
  });

  test("the whole state of an HTTP listener", () => {
    expect(listenersOf(world(gatewayWith("gw", [{ name: "a", hostname: "WWW.a.com" }])), "default/gw")).toEqual([
      {
        gateway: "default/gw",
        owner: "default/gw",
        proxy: "default/gw",
        name: "a",
        protocol: "HTTP",
        port: 80,
        hostname: "www.a.com",
        kinds: [
          { group: "gateway.networking.k8s.io", kind: "HTTPRoute" },
          { group: "gateway.networking.k8s.io", kind: "GRPCRoute" },
        ],
        namespaces: { from: "Same" },
        ready: true,
        routeTable: "http-80",
        conditions: [
          { type: "Accepted", status: "True", reason: "Accepted", message: "The listener is valid." },
          {
            type: "ResolvedRefs",
            status: "True",
            reason: "ResolvedRefs",
            message: "All references of the listener are resolved.",
          },
        ],
      },
    ]);
  });
});

test("a Gateway of another controller has no listeners", () => {
  const foreign = gatewayClass("eg", { controllerName: "example.com/other" });
  expect(listenersOf(world(foreign, gatewayWith("gw", [{ name: "a" }])), "default/gw")).toEqual([]);
});
