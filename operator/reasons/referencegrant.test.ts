import { reasons } from "./support.ts";

/** A grant in namespace far, unless it says otherwise. */
function grant(from: string, to: string, namespace = "far"): string {
  return `apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {name: bad, namespace: ${namespace}}\nspec:\n  from: [{${from}}]\n  to: [{${to}}]\n---\n`;
}
const document = (kind: string, spec: string, version = "v1"): string =>
  `apiVersion: gateway.networking.k8s.io/${version}\nkind: ${kind}\nmetadata: {name: bad}\nspec: ${spec}\n`;

const backend = "rules: [{backendRefs: [{name: echo, namespace: far, port: 8080}]}]";
const certificate = "{name: a, protocol: HTTPS, port: 443, tls: {certificateRefs: [{name: secure, namespace: far}]}}";
const authorized = (parent: string, hostname: string): string =>
  `{parentRefs: [{name: eg, sectionName: ${parent}}], hostnames: [${hostname}], ${backend}}`;

const users = {
  HTTPRoute: {
    object: document("HTTPRoute", authorized("http", "bad.test")),
    to: "group: '', kind: Service",
    name: "echo",
    permitted: ["HTTPRoute bad: eg/http Accepted ResolvedRefs", "counted at eg/http"],
    refused: ["HTTPRoute bad: eg/http Accepted ResolvedRefs=False/RefNotPermitted", "counted at eg/http", "answers 500"],
  },
  Gateway: {
    object: document("Gateway", `{gatewayClassName: eg, listeners: [${certificate}]}`),
    to: "group: '', kind: Secret",
    name: "secure",
    permitted: ["Gateway bad: Accepted Programmed", "Gateway bad: a [HTTPRoute,GRPCRoute] Accepted ResolvedRefs Programmed"],
    refused: [
      "Gateway bad: Accepted Programmed",
      "Gateway bad: a [HTTPRoute,GRPCRoute] ResolvedRefs=False/RefNotPermitted Accepted Programmed=False/Invalid",
    ],
  },
} as const;
const group = "group: gateway.networking.k8s.io";
const required = "refused: is required";
const empty = "refused: must have at least 1 items, not 0";

for (const [kind, { object, to, name, permitted, refused }] of Object.entries(users)) {
  const from = `${group}, kind: ${kind}, namespace: default`;
  describe(`a grant for a ${kind}`, () => {
    const other = kind === "Gateway" ? "HTTPRoute" : "Gateway";
    reasons([
      ["for all objects of the kind", grant(from, to) + object, ...permitted],
      ["for the one", grant(from, `${to}, name: ${name}`) + object, ...permitted],
      ["in another namespace", grant(from, to, "default") + object, ...refused],
      ["from another group", grant(`group: example.com, kind: ${kind}, namespace: default`, to) + object, ...refused],
      ["from the core group", grant(`group: '', kind: ${kind}, namespace: default`, to) + object, ...refused],
      ["from another kind", grant(`${group}, kind: ${other}, namespace: default`, to) + object, ...refused],
      ["from another namespace", grant(`${group}, kind: ${kind}, namespace: far`, to) + object, ...refused],
      ["to another group", grant(from, to.replace("''", "example.com")) + object, ...refused],
      ["to another kind", grant(from, "group: '', kind: ConfigMap") + object, ...refused],
      ["to another name", grant(from, `${to}, name: other`) + object, ...refused],
      ["to a name that begins alike", grant(from, `${to}, name: ${name.slice(0, -1)}`) + object, ...refused],
      ["to a wildcard, which is a name like any other", grant(from, `${to}, name: '*'`) + object, ...refused],
      [
        "to an empty name",
        grant(from, `${to}, name: ''`) + object,
        "refused: must have at least 1 characters, not 0",
        ...refused,
      ],
      [
        "from a wildcard",
        grant(`${group}, kind: ${kind}, namespace: '*'`, to) + object,
        `refused: must be a DNS label: lower case letters, digits and '-', not "*"`,
        ...refused,
      ],
      ["from no namespace", grant(`${group}, kind: ${kind}`, to) + object, required, ...refused],
      ["from nobody", grant(from, to).replace(/from: .*/, "from: []") + object, empty, ...refused],
      ["to nothing", grant(from, to).replace(/to: .*/, "to: []") + object, empty, ...refused],
      [
        "half in one entry, half in another",
        grant(`${group}, kind: ${kind}, namespace: far}, {group: '', kind: ${kind}, namespace: default`, to) + object,
        ...refused,
      ],
    ]);
  });
}

describe("a grant for routes of another kind", () => {
  const from = (kind: string): string => grant(`${group}, kind: ${kind}, namespace: default`, "group: '', kind: Service");
  const grpc = document("GRPCRoute", authorized("grpc", "bad.test"));
  const tls = document("TLSRoute", authorized("passthrough", "bad.secure.test"), "v1alpha3");
  const refused = "ResolvedRefs=False/RefNotPermitted";
  reasons([
    ["a GRPCRoute", from("HTTPRoute") + grpc, `GRPCRoute bad: eg/grpc Accepted ${refused}`, "counted at eg/grpc", "answers 503"],
    ["a TLSRoute", from("HTTPRoute") + tls, `TLSRoute bad: eg/passthrough Accepted ${refused}`, "counted at eg/passthrough"],
    ["a GRPCRoute with its own", from("GRPCRoute") + grpc, "GRPCRoute bad: eg/grpc Accepted ResolvedRefs", "counted at eg/grpc"],
    [
      "a TLSRoute with its own",
      from("TLSRoute") + tls,
      "TLSRoute bad: eg/passthrough Accepted ResolvedRefs",
      "counted at eg/passthrough",
    ],
  ]);
});
