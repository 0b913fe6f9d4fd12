import { route } from "./objects.ts";
import { reasons } from "./support.ts";

describe("a TCPRoute", () => {
  const parents = (refs: string): string => route("TCPRoute", { parentRefs: `[${refs}]` });
  const backends = (refs: string): string =>
    route("TCPRoute", { parentRefs: "[{name: free, sectionName: tcp}]", rules: `[{backendRefs: [${refs}]}]` });
  reasons([
    [
      "nothing wrong",
      backends("{name: echo, port: 8080}"),
      "TCPRoute bad: free/tcp Accepted ResolvedRefs",
      "counted at free/tcp",
    ],
    [
      "a port that an older TCPRoute has",
      route("TCPRoute", {}),
      "TCPRoute bad: eg/tcp Accepted=False/UnsupportedValue ResolvedRefs",
      "counted at eg/tcp",
    ],
    [
      "no listener of that name",
      parents("{name: eg, sectionName: gone}"),
      "TCPRoute bad: eg/gone Accepted=False/NoMatchingParent ResolvedRefs",
    ],
    [
      "no listener with that port",
      parents("{name: eg, port: 81}"),
      "TCPRoute bad: eg/81 Accepted=False/NoMatchingParent ResolvedRefs",
    ],
    [
      "a listener for HTTPRoutes",
      parents("{name: eg, sectionName: http}"),
      "TCPRoute bad: eg/http Accepted=False/NotAllowedByListeners ResolvedRefs",
    ],
    [
      "the UDP listener of the same port",
      parents("{name: eg, sectionName: udp}"),
      "TCPRoute bad: eg/udp Accepted=False/NotAllowedByListeners ResolvedRefs",
    ],
    [
      "both listeners of one port number",
      parents("{name: eg, port: 9000}"),
      "TCPRoute bad: eg/9000 Accepted=False/UnsupportedValue ResolvedRefs",
      "counted at eg/tcp",
    ],
    [
      "a listener that passes TLS through",
      parents("{name: eg, sectionName: passthrough}"),
      "TCPRoute bad: eg/passthrough Accepted=False/NotAllowedByListeners ResolvedRefs",
    ],
    [
      "a namespace that the listener does not allow",
      route(
        "TCPRoute",
        {
          parentRefs: "[{name: eg, namespace: default, sectionName: tcp}]",
          rules: "[{backendRefs: [{name: echo, port: 8080}]}]",
        },
        ", namespace: far",
      ),
      "TCPRoute far/bad: eg/tcp Accepted=False/NotAllowedByListeners ResolvedRefs",
    ],
    [
      "two Gateways, of which one has the port for an older route",
      route("TCPRoute", { parentRefs: "[{name: eg, sectionName: tcp}, {name: free, sectionName: tcp}]" }),
      "TCPRoute bad: eg/tcp Accepted=False/UnsupportedValue ResolvedRefs",
      "TCPRoute bad: free/tcp Accepted ResolvedRefs",
      "counted at eg/tcp",
      "counted at free/tcp",
    ],
    [
      "a Service that is not there",
      backends("{name: gone, port: 8080}"),
      "TCPRoute bad: free/tcp Accepted ResolvedRefs=False/BackendNotFound",
      "counted at free/tcp",
    ],
    [
      "a kind that is not known",
      backends("{kind: Bucket, name: b}"),
      "TCPRoute bad: free/tcp Accepted ResolvedRefs=False/InvalidKind",
      "counted at free/tcp",
    ],
    [
      "another namespace without a grant",
      backends("{name: echo, namespace: far, port: 8080}"),
      "TCPRoute bad: free/tcp Accepted ResolvedRefs=False/RefNotPermitted",
      "counted at free/tcp",
    ],
    [
      "a port that is UDP",
      backends("{name: echo, port: 53}"),
      "TCPRoute bad: free/tcp Accepted ResolvedRefs=False/PortNotFound",
      "counted at free/tcp",
    ],
    ["no port", backends("{name: echo}"), "refused: a reference to a Service needs a port"],
    [
      "weights that are all 0",
      backends("{name: echo, port: 8080, weight: 0}"),
      "TCPRoute bad: free/tcp Accepted ResolvedRefs",
      "counted at free/tcp",
    ],
    ["no backends", backends(""), "refused: must have at least 1 items, not 0"],
    [
      "two rules",
      route("TCPRoute", {
        parentRefs: "[{name: free, sectionName: tcp}]",
        rules: "[{backendRefs: [{name: echo, port: 8080}]}, {backendRefs: [{name: echo, port: 8443}]}]",
      }),
      "TCPRoute bad: free/tcp Accepted=False/InvalidRule ResolvedRefs",
      "counted at free/tcp",
    ],
    [
      "no rules",
      route("TCPRoute", { parentRefs: "[{name: free, sectionName: tcp}]", rules: "[]" }),
      "refused: must have at least 1 items, not 0",
    ],
  ]);
});
