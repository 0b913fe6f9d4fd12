import { backendSchema } from "./backend.ts";
import { httpRouteFilterSchema } from "./httproutefilter.ts";
import type { JsonSchema } from "./schema.ts";
import { validate } from "./validate.ts";

const fqdn = { fqdn: { hostname: "a.example", port: 80 } };
const ip = { ip: { address: "10.0.0.1", port: 80 } };
const authority = { group: "", kind: "ConfigMap", name: "ca" };
const path = (length: number) => ({ endpoints: [{ unix: { path: "/".padEnd(length, "x") } }] });
const body = (value: object) => ({ directResponse: { body: value } });
const map = { group: "", kind: "ConfigMap", name: "m" };

// [rule, accepted spec, refused spec]
const backendRules: readonly [string, object, object][] = [
  ["a socket path has at most 108 characters", path(108), path(109)],
  ["an endpoint has an address", { endpoints: [ip] }, { endpoints: [{ zone: "a" }] }],
  ["an endpoint has one address only", { endpoints: [ip] }, { endpoints: [{ ...ip, unix: { path: "/s" } }] }],
  ["fqdn endpoints do not mix with others", { endpoints: [fqdn, fqdn] }, { endpoints: [fqdn, ip] }],
  ["a dynamic resolver has no endpoints", { type: "DynamicResolver" }, { type: "DynamicResolver", endpoints: [ip] }],
  [
    "trust comes from one place",
    { tls: { caCertificateRefs: [authority] } },
    { tls: { caCertificateRefs: [authority], wellKnownCACertificates: "System" } },
  ],
  [
    "without verification there is no trust",
    { tls: { insecureSkipVerify: true } },
    { tls: { insecureSkipVerify: true, wellKnownCACertificates: "System" } },
  ],
  [
    "TLS 1.3 alone takes no ciphers",
    { tls: { minVersion: "1.2", ciphers: ["A"] } },
    { tls: { minVersion: "1.3", ciphers: ["A"] } },
  ],
  ["versions are in order", { tls: { maxVersion: "1.2" } }, { tls: { maxVersion: "1.1" } }],
];
const filterRules: readonly [string, object, object][] = [
  [
    "a host comes from a header only when the type says so",
    { urlRewrite: { hostname: { type: "Backend" } } },
    { urlRewrite: { hostname: { type: "Backend", header: "x" } } },
  ],
  [
    "a host from a header names it",
    { urlRewrite: { hostname: { type: "Header", header: "x" } } },
    { urlRewrite: { hostname: { type: "Header" } } },
  ],
  [
    "a path rewrite says how",
    { urlRewrite: { path: { type: "ReplaceRegexMatch", replaceRegexMatch: { pattern: "a", substitution: "b" } } } },
    { urlRewrite: { path: { type: "ReplaceRegexMatch" } } },
  ],
  ["an inline body is given", body({ inline: "x" }), body({ type: "Inline" })],
  ["a body by reference names its source", body({ type: "ValueRef", valueRef: map }), body({ type: "ValueRef" })],
  [
    "a body comes from a ConfigMap",
    body({ type: "ValueRef", valueRef: map }),
    body({ type: "ValueRef", valueRef: { ...map, kind: "Secret" } }),
  ],
  [
    "a direct response removes no headers",
    { directResponse: { header: { set: [{ name: "a", value: "b" }] } } },
    { directResponse: { header: { remove: ["a"] } } },
  ],
];

/** The kinds of problem found: a spec may break two rules at once. */
function outcome(schema: object, spec: object) {
  return [...new Set(validate(schema as JsonSchema, { spec }).problems.map((problem) => problem.kind))];
}

for (const [name, good, bad] of backendRules) {
  test(`Backend: ${name}`, () => expect([outcome(backendSchema, good), outcome(backendSchema, bad)]).toEqual([[], ["rule"]]));
}
for (const [name, good, bad] of filterRules) {
  test(`HTTPRouteFilter: ${name}`, () => {
    expect([outcome(httpRouteFilterSchema, good), outcome(httpRouteFilterSchema, bad)]).toEqual([[], ["rule"]]);
  });
}
