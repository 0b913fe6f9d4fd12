import { backend, gateway, listener, parent, ref, route, rule, service, slice } from "../testing/routes.ts";
import type { TestObject } from "../testing/object.ts";
import { world } from "../testing/world.ts";
import { parentConditions, routeStatus } from "./status.ts";

/** Conditions of the only parent of default/r, as "Type=Status/Reason message". */
function said(...objects: readonly TestObject[]): readonly string[] {
  const gw = gateway("gw", listener("http", { hostname: "*.example.com" }), listener("other", { port: 81, protocol: "HTTP" }));
  const store = world(gw, service("echo"), slice("echo", { "10.0.0.1": {} }), ...objects);
  return parentConditions(store, "HTTPRoute", "default/r").flatMap(({ conditions }) =>
    conditions.map(({ type, status, reason, message }) => `${type}=${status}/${reason} ${message}`),
  );
}

const accepted = "Accepted=True/Accepted The route is accepted.";
const resolved = "ResolvedRefs=True/ResolvedRefs All references of the route are resolved.";
const r = (rules: readonly unknown[], fields: object = {}): TestObject => route("r", { rules, ...fields });
const bad = { ...rule("/bad", "echo"), matches: [{ path: { type: "RegularExpression", value: "/(" } }] };
const envoyBackend = (name: string) => ({
  ...rule("/", ""),
  backendRefs: [ref(name, { group: "gateway.envoyproxy.io", kind: "Backend", port: undefined })],
});
const grantless = { ...rule("/", ""), backendRefs: [ref("echo", { namespace: "far" })] };
const regexProblem = 'Regular expression "/(" is not valid RE2: error parsing regexp: missing closing ): `/(`';

const cases: readonly (readonly [string, readonly TestObject[], readonly string[]])[] = [
  ["a good route", [r([rule("/", "echo")])], [accepted, resolved]],
  [
    "no listener of that name",
    [r([rule("/", "echo")], { parentRefs: [parent("gw", { sectionName: "nope" })] })],
    ["Accepted=False/NoMatchingParent No listener of Gateway default/gw matches this parentRef.", resolved],
  ],
  [
    "a listener of that name on another port",
    [r([rule("/", "echo")], { parentRefs: [parent("gw", { sectionName: "http", port: 81 })] })],
    ["Accepted=False/NoMatchingParent No listener of Gateway default/gw matches this parentRef.", resolved],
  ],
  [
    "no hostname in common",
    [r([rule("/", "echo")], { hostnames: ["a.test"], parentRefs: [parent("gw", { sectionName: "http" })] })],
    ["Accepted=False/NoMatchingListenerHostname No hostname of the route matches a listener of Gateway default/gw.", resolved],
  ],
  [
    "a Service that is not there",
    [r([rule("/", "gone")])],
    [accepted, "ResolvedRefs=False/BackendNotFound Service default/gone not found."],
  ],
  [
    "a port that is not there, beside a kind that we do not know",
    [r([{ ...rule("/", ""), backendRefs: [ref("echo", { port: 1 }), ref("x", { group: "example.net", kind: "Bucket" })] }])],
    [
      accepted,
      "ResolvedRefs=False/PortNotFound TCP port 1 not found on Service default/echo; Backend kind Bucket.example.net of x is not supported, it must be Service or Backend.",
    ],
  ],
  [
    "another namespace without a grant",
    [r([grantless])],
    [
      accepted,
      "ResolvedRefs=False/RefNotPermitted No ReferenceGrant permits the reference to Service far/echo from namespace default.",
    ],
  ],
  [
    "a Service without endpoints",
    [r([rule("/", "idle")]), service("idle")],
    [accepted, resolved, "BackendsAvailable=False/EndpointsNotFound No ready endpoints: service/default/idle/8080."],
  ],
  [
    "some rules that no proxy would take",
    [r([rule("/", "echo"), bad])],
    [accepted, `PartiallyInvalid=True/UnsupportedValue Dropped Rule(s) [1]: ${regexProblem}.`, resolved],
  ],
  ["only such rules", [r([bad])], [`Accepted=False/UnsupportedValue ${regexProblem}.`, resolved]],
  [
    "a filter that is not there",
    [
      r([
        {
          ...rule("/", "echo"),
          filters: [
            { type: "ExtensionRef", extensionRef: { group: "gateway.envoyproxy.io", kind: "HTTPRouteFilter", name: "f" } },
          ],
        },
      ]),
    ],
    [accepted, "ResolvedRefs=False/BackendNotFound HTTPRouteFilter default/f not found."],
  ],
  [
    "a rewrite beside a redirect",
    [
      r([
        {
          ...rule("/", "echo"),
          filters: [
            { type: "URLRewrite", urlRewrite: { hostname: "a.test" } },
            { type: "RequestRedirect", requestRedirect: { statusCode: 302 } },
          ],
        },
      ]),
    ],
    ["Accepted=False/IncompatibleFilters URLRewrite cannot be combined with RequestRedirect.", resolved],
  ],
  [
    "a Backend on the loopback interface",
    [r([envoyBackend("b")]), backend("b", { endpoints: [{ ip: { address: "127.0.0.1", port: 80 } }] })],
    [accepted, "ResolvedRefs=False/InvalidAddress Backend default/b has the loopback address 127.0.0.1, which is not allowed."],
  ],
  [
    "a Backend that resolves names by request",
    [r([envoyBackend("b")]), backend("b", { type: "DynamicResolver" })],
    [accepted, "ResolvedRefs=False/UnsupportedValue Backend default/b of type DynamicResolver is not supported yet."],
  ],
];
for (const [name, objects, want] of cases) {
  test(`status of ${name}`, () => expect(said(...objects)).toEqual(want));
}

test("refusals show on the route they fall on, by who refused", () => {
  const refusal = (by: string): TestObject => ({
    kind: "Refusal",
    metadata: { namespace: "default~gw", name: by },
    proxy: "default/gw",
    typeUrl: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
    resource: "http-80",
    origins: [{ kind: "HTTPRoute", namespace: "default", name: "r" }],
    by,
    message: "no.",
  });
  expect(said(r([rule("/", "echo")]), refusal("proxy"), refusal("check"))).toEqual([
    "Accepted=False/UnsupportedValue http-80 was held back: no.",
    resolved,
    "Programmed=False/RejectedByProxy The proxy refused http-80: no.",
  ]);
});

test("parents are copied in spec order, those of others left out; none of ours means no status", () => {
  const parents = [
    parent("gw", { sectionName: "other" }),
    parent("theirs"),
    parent("svc", { group: "", kind: "Service" }),
    parent("gw", { port: 80 }),
  ];
  const store = world(
    gateway("gw", listener("http"), listener("other", { port: 81 })),
    service("echo"),
    r([rule("/", "echo")], { parentRefs: parents }),
  );
  expect(routeStatus(store, "HTTPRoute", "default/r")?.parents.map(({ parentRef }) => parentRef)).toEqual([
    parents[0],
    parents[3],
  ]);
  expect(routeStatus(world(r([rule("/", "echo")])), "HTTPRoute", "default/r")).toBe(undefined);
});
