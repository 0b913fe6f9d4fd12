// A proxy that uses every feature of the model once. Test code.

import type { Cluster, UpstreamTls } from "../model/backend.ts";
import type { AccessLog, FilterChain, Listener } from "../model/listener.ts";
import type { Proxy } from "../model/proxy.ts";
import type { Redirect } from "../model/request.ts";
import type { HeaderEdits, Rewrite, Route } from "../model/route.ts";
import {
  someAssignment,
  someBackend,
  someCertificate,
  someChain,
  someCluster,
  someForward,
  someHost,
  someListener,
  someProxy,
  someRoute,
} from "./models.ts";

export function everything(): Proxy {
  const certificate = someCertificate("app.example");
  const tables = ["http-80", "default/web/https"];
  const tls = { certificates: ["default/tls", "default/tls-2"], alpn: ["h2", "http/1.1"] };
  const log = { type: "json", path: "/dev/stdout" } as const;
  const format = { type: "text", line: "%REQ_WITHOUT_QUERY(:PATH)% %RESPONSE_CODE%\n" } as const;
  const matches = ["response.code >= 400", "request.headers['x-log'] == 'yes'"];
  const fields = { path: "%REQ(:PATH)%" };
  const files = {
    type: "files",
    files: [
      { path: "/dev/null", format, matches, entries: "both" },
      { path: "/dev/stdout", format: { type: "json", fields }, matches: matches.slice(1), entries: "connections" },
      { path: "/dev/stdout", format: { type: "default" }, matches: [], entries: "requests" },
    ],
  } as const;
  const secure = someChain({
    name: tables[1]!,
    handler: { type: "http", routeTable: tables[1]! },
    statPrefix: "https-443",
    serverNames: ["app.example", "*.b.example"],
    tls,
  });
  return someProxy({
    listeners: [
      someListener({ chains: [someChain({ accessLog: log })] }),
      someListener({
        name: "tcp-443",
        port: 10443,
        chains: [secure, { ...secure, name: "default/web/any", serverNames: [], accessLog: log }],
      }),
      someListener({ name: "tcp-81", port: 10081, chains: [someChain({ accessLog: files })] }),
      ...connections(log),
    ],
    tables: Object.fromEntries(
      tables.map((name) => [name, [someHost("app.example", routes), someHost("*.b.example"), someHost("*")]]),
    ),
    clusters,
    assignments: [
      someAssignment({ localities: localities() }),
      ...["h2", "system", "mtls", "none"].map((cluster) => someAssignment({ cluster, localities: [] })),
    ],
    secrets: [
      { type: "certificate", name: "default/tls", origins: [], ...certificate },
      { type: "certificate", name: "default/tls-2", origins: [], ...someCertificate("b.example") },
      { type: "trust", name: "default/ca", origins: [], caPem: certificate.chainPem },
    ],
  });
}

/** Listeners that look at no request. */
function connections(accessLog: AccessLog): readonly Listener[] {
  const shares = [
    { cluster: "h2", weight: 3 },
    { cluster: undefined, weight: 1 },
  ];
  const chain = (name: string, serverNames: readonly string[], fields: Partial<FilterChain> = {}): FilterChain =>
    someChain({ name, serverNames, handler: { type: "tcp", shares, senders: [] }, accessLog, ...fields });
  const tls = { certificates: ["default/tls"], alpn: [] };
  const passed = [
    chain("passed", ["a.example", "*.a.example"]),
    chain("closed", [], { handler: { type: "tcp", shares: [], senders: [] } }),
    chain("ended", ["b.example"], { tls, handler: { type: "tcp", shares: shares.slice(0, 1), senders: [] } }),
  ];
  const datagrams = {
    transport: "udp",
    addresses: ["127.0.0.1"],
    origins: [],
    senders: [],
    statPrefix: "udp-53",
    accessLog,
  } as const;
  return [
    someListener({ name: "tcp-82", port: 10082, chains: [chain("any", [])] }),
    someListener({ name: "tcp-83", port: 10083, serverNames: true, chains: passed }),
    { ...datagrams, name: "udp-53", port: 10053, cluster: "service/default/app/80" },
    { ...datagrams, name: "udp-54", port: 10054 },
  ];
}

function localities(): ReturnType<typeof someAssignment>["localities"] {
  const socket = { type: "socket", host: "10.0.0.1", port: 8080 } as const;
  return [
    { zone: "a", weight: 3, priority: 0, endpoints: [{ address: socket, health: "healthy", hostname: "pod-1" }] },
    { zone: "b", weight: 1, priority: 0, endpoints: [{ address: { ...socket, host: "fd00::1" }, health: "draining" }] },
    { priority: 1, endpoints: [{ address: { type: "pipe", path: "/run/app.sock" }, health: "healthy" }] },
  ];
}

const trusting = (fields: Partial<UpstreamTls> = {}): UpstreamTls => ({
  trust: { type: "none" },
  subjectAltNames: [],
  alpn: [],
  ...fields,
});

const clusters: readonly Cluster[] = [
  someCluster({ weightedLocalities: true }),
  someCluster({ name: "h2", protocol: "http2" }),
  someCluster({ name: "system", tls: trusting({ trust: { type: "system" }, alpn: ["h2", "http/1.1"] }) }),
  someCluster({
    name: "mtls",
    protocol: "http2",
    tls: trusting({
      sni: "app.example",
      trust: { type: "secret", name: "default/ca" },
      subjectAltNames: [
        { type: "dns", value: "app.example" },
        { type: "uri", value: "spiffe://cluster/app" },
      ],
      clientCertificate: "default/tls",
      alpn: ["h2"],
    }),
  }),
  someCluster({ name: "none", tls: trusting() }),
  ...(["v4", "v6", "v4preferred", "auto", "all"] as const).map((family) =>
    someCluster({
      name: `dns-${family}`,
      discovery: {
        type: "dns",
        family,
        endpoints: [
          { hostname: "a.example", port: 80, zone: "a", priority: 0 },
          { hostname: "b.example", port: 80, priority: 1 },
        ],
      },
    }),
  ),
];

const edits: HeaderEdits = {
  set: [
    { name: "X-Set", value: "100%" },
    { name: "x-empty", value: "" },
  ],
  add: [{ name: "X-Add", value: "%PROTOCOL% %REQ(:PATH):10%" }],
  addIfAbsent: [{ name: "X-Absent", value: "1" }],
  remove: ["X-Remove"],
};

const rewrites: readonly Rewrite[] = [
  { path: { type: "replacePrefix", prefix: "/old", value: "/new/" }, host: { type: "literal", value: "other.example" } },
  { path: { type: "replacePrefix", prefix: "/old.1", value: "/" }, host: { type: "header", name: "x-host" } },
  { path: { type: "replacePrefix", prefix: "/", value: "/new" }, host: { type: "backend" } },
  { path: { type: "replaceFull", value: "/all" } },
  { path: { type: "replaceRegex", pattern: "^/(\\d+)/", substitution: "/n\\1/" } },
];

const redirects: readonly Redirect[] = [
  { status: 301, scheme: "https", hostname: "other.example", port: 8443, path: { type: "replaceFull", value: "/x" } },
  { status: 302, path: { type: "replacePrefix", prefix: "/old", value: "/new" } },
  { status: 303, path: { type: "replacePrefix", prefix: "/old", value: "/" } },
  { status: 307 },
  { status: 308, hostname: "other.example" },
];

const variants: readonly Partial<Route>[] = [
  {
    match: {
      path: { type: "exact", value: "/exact" },
      headers: [
        { name: "x-version", type: "exact", value: "1" },
        { name: "x-name", type: "regex", value: "a.*" },
      ],
      queryParams: [
        { name: "q", type: "exact", value: "1" },
        { name: "r", type: "regex", value: "\\d+" },
      ],
      cookies: [
        { name: "c", type: "exact", value: "1" },
        { name: "d", type: "regex", value: ".+" },
      ],
      method: "GET",
    },
  },
  { match: { path: { type: "regex", value: "/v[0-9]+/.*" }, headers: [], queryParams: [], cookies: [] } },
  { match: { path: { type: "prefix", value: "/prefix/" }, headers: [], queryParams: [], cookies: [] } },
  { requestHeaders: edits, responseHeaders: edits },
  {
    action: someForward({
      backends: [
        someBackend({ weight: 9, requestHeaders: edits, responseHeaders: edits, hostname: "inner.example" }),
        someBackend({ cluster: undefined }),
        someBackend({ cluster: "h2" }),
      ],
      mirrors: [
        { cluster: "mtls" },
        { cluster: "system", fraction: { numerator: 1, denominator: 3 } },
        { cluster: "none", fraction: { numerator: 10, denominator: 100 } },
      ],
      timeoutMs: 1500,
      retry: { attempts: 3, on: ["5xx", "reset"], statusCodes: [503], backoffMs: { base: 25, max: 250 }, perTryTimeoutMs: 300 },
    }),
  },
  { action: someForward({ timeoutMs: 0, retry: { attempts: 1, on: ["connect-failure"], statusCodes: [] } }) },
  ...rewrites.map((rewrite) => ({ action: someForward({ rewrite }) })),
  ...redirects.map((redirect) => ({ action: { type: "redirect", redirect } as const })),
  { action: { type: "respond", status: 500 } },
  { action: { type: "respond", status: 200, body: "x".repeat(5000), contentType: "text/html" } },
  ...[true, false].map((credentials) => ({
    cors: {
      origins: ["*", "https://a.example", "https://*.b.example:8443"],
      methods: ["*"],
      headers: ["x-a", "x-b"],
      exposeHeaders: ["x-c"],
      maxAgeSeconds: 60,
      credentials,
    },
  })),
  { sessionPersistence: { type: "cookie", name: "session", path: "/", ttlSeconds: 60 } },
  { sessionPersistence: { type: "cookie", name: "session", path: "/" } },
  { sessionPersistence: { type: "header", name: "x-session" } },
];

const routes: readonly Route[] = variants.map((fields, position) => someRoute({ name: `route-${position}`, ...fields }));
