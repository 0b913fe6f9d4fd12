import { route } from "./objects.ts";
import { reasons } from "./support.ts";

describe("a UDPRoute", () => {
  const parents = (refs: string): string => route("UDPRoute", { parentRefs: `[${refs}]` });
  const backends = (refs: string): string =>
    route("UDPRoute", { parentRefs: "[{name: free, sectionName: udp}]", rules: `[{backendRefs: [${refs}]}]` });
  reasons([
    ["nothing wrong", backends("{name: echo, port: 53}"), "UDPRoute bad: free/udp Accepted ResolvedRefs", "counted at free/udp"],
    [
      "a port that an older UDPRoute has",
      route("UDPRoute", {}),
      "UDPRoute bad: eg/udp Accepted=False/UnsupportedValue ResolvedRefs",
      "counted at eg/udp",
    ],
    [
      "no listener of that name",
      parents("{name: eg, sectionName: gone}"),
      "UDPRoute bad: eg/gone Accepted=False/NoMatchingParent ResolvedRefs",
    ],
    [
      "the TCP listener of the same port",
      parents("{name: eg, sectionName: tcp}"),
      "UDPRoute bad: eg/tcp Accepted=False/NotAllowedByListeners ResolvedRefs",
    ],
    [
      "a listener for HTTPRoutes",
      parents("{name: eg, sectionName: http}"),
      "UDPRoute bad: eg/http Accepted=False/NotAllowedByListeners ResolvedRefs",
    ],
    [
      "a namespace that the listener does not allow",
      route("UDPRoute", { parentRefs: "[{name: eg, namespace: default, sectionName: udp}]" }, ", namespace: far"),
      "UDPRoute far/bad: eg/udp Accepted=False/NotAllowedByListeners ResolvedRefs",
    ],
    [
      "a Service that is not there",
      backends("{name: gone, port: 53}"),
      "UDPRoute bad: free/udp Accepted ResolvedRefs=False/BackendNotFound",
      "counted at free/udp",
    ],
    [
      "a kind that is not known",
      backends("{kind: Bucket, name: b}"),
      "UDPRoute bad: free/udp Accepted ResolvedRefs=False/InvalidKind",
      "counted at free/udp",
    ],
    [
      "another namespace without a grant",
      backends("{name: echo, namespace: far, port: 53}"),
      "UDPRoute bad: free/udp Accepted ResolvedRefs=False/RefNotPermitted",
      "counted at free/udp",
    ],
    [
      "a port that is TCP",
      backends("{name: echo, port: 8080}"),
      "UDPRoute bad: free/udp Accepted ResolvedRefs=False/PortNotFound",
      "counted at free/udp",
    ],
    ["no port", backends("{name: echo}"), "refused: a reference to a Service needs a port"],
    [
      "weights that are all 0",
      backends("{name: echo, port: 53, weight: 0}"),
      "UDPRoute bad: free/udp Accepted ResolvedRefs",
      "counted at free/udp",
    ],
    [
      "an invalid one beside a good one",
      backends("{name: gone, port: 53}, {name: echo, port: 53}"),
      "UDPRoute bad: free/udp Accepted ResolvedRefs=False/BackendNotFound",
      "counted at free/udp",
    ],
    [
      "two rules",
      route("UDPRoute", {
        parentRefs: "[{name: free, sectionName: udp}]",
        rules: "[{backendRefs: [{name: echo, port: 53}]}, {backendRefs: [{name: echo, port: 53}]}]",
      }),
      "UDPRoute bad: free/udp Accepted=False/InvalidRule ResolvedRefs",
      "counted at free/udp",
    ],
    [
      "hostnames",
      route("UDPRoute", { hostnames: "[bad.test]" }),
      "refused: unknown field",
      "UDPRoute bad: eg/udp Accepted=False/UnsupportedValue ResolvedRefs",
      "counted at eg/udp",
    ],
  ]);
});
