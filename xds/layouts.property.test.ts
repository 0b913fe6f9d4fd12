// Both layouts of the same random tables, shown the same random requests through real Envoys: whole answers must be equal, also after edits.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { scopeHeader } from "./envoy/scope.ts";
import type { RouteLayout, Route, VirtualHost } from "./model/route.ts";
import type { Snapshot, TypeUrl } from "./resource.ts";
import { createXdsServer } from "./server.ts";
import { encode } from "./snapshot.ts";
import { startEnvoy, until } from "./testing/envoy.ts";
import {
  noEdits,
  someAssignment,
  someBackend,
  someForward,
  someHost,
  someListener,
  someProxy,
  someRoute,
} from "./testing/models.ts";
import { answerTo, type Request } from "./testing/raw-http.ts";
import { realClock } from "./testing/snapshots.ts";
import { typeUrls } from "./type-urls.ts";

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

// ── Random tables ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const label = fc.string({
  unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz0123456789".split("")),
  minLength: 1,
  maxLength: 8,
});
const suffix = fc.constantFrom("example", "b.example", "c.b.example", "test");
const exact = fc.tuple(label, suffix).map((parts) => parts.join("."));
const wildcard = fc.oneof(
  fc.constant("*"),
  suffix.map((end) => `*.${end}`),
  exact.map((end) => `*.${end}`),
);
const domain = fc.oneof({ weight: 12, arbitrary: exact }, { weight: 1, arbitrary: wildcard });

const action = fc.oneof(
  fc.string({ unit: "grapheme-ascii", maxLength: 20 }).map((body) => ({ type: "respond", status: 200, body }) as const),
  fc.constant(someForward()),
  fc.constant(
    someForward({ rewrite: { path: { type: "replaceFull", value: "/new" }, host: { type: "literal", value: "other.example" } } }),
  ),
  fc.constant(someForward({ backends: [someBackend({ cluster: undefined })] })),
  fc.constant({ type: "redirect", redirect: { status: 302, hostname: "other.example" } } as const),
);
const cors = { origins: ["https://*.example"], methods: ["GET", "PUT"], headers: ["x-a"], exposeHeaders: [], credentials: true };
const route = fc
  .record({
    path: fc.record({ type: fc.constantFrom("prefix", "exact"), value: fc.constantFrom("/", "/a", "/a/b") } as const),
    version: fc.option(fc.constantFrom("1", "2"), { nil: undefined }),
    action,
    cors: fc.boolean(),
    edited: fc.boolean(),
  })
  .map(({ path, version, action: does, cors: shared, edited }): Route =>
    someRoute({
      match: {
        path,
        headers: version === undefined ? [] : [{ name: "x-version", type: "exact", value: version }],
        queryParams: [],
        cookies: [],
      },
      action: does,
      ...(shared ? { cors } : {}),
      ...(edited
        ? { requestHeaders: { ...noEdits, set: [{ name: "x-set", value: "%REQ(:AUTHORITY)%" }], remove: ["x-gone"] } }
        : {}),
    }),
  );
/** What the answer's header x-route names is the host and the number of the route that gave it. */
const host = fc.tuple(domain, fc.array(route, { minLength: 1, maxLength: 3 })).map(([name, routes]): VirtualHost =>
  someHost(
    name,
    routes.map((each, number) => ({
      ...each,
      name: `${name}/${number}`,
      responseHeaders: { ...noEdits, add: [{ name: "x-route", value: `${name}/${number}` }] },
    })),
  ),
);

// ── Random requests ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const odd = [
  "",
  "..",
  "[::1]",
  "[::1]:80",
  "a:",
  "a..example",
  "%41",
  "user@a.example",
  "a,b",
  "-",
  "x".repeat(300),
  ".example",
  "example.",
  "a.example.",
];

function requestsTo(domains: readonly string[]): fc.Arbitrary<Request> {
  const known = fc
    .constantFrom(...domains)
    .chain((name) => (name.includes("*") ? label.map((part) => name.replace("*", part)) : fc.constant(name)));
  const name = fc.oneof(
    { weight: 8, arbitrary: known },
    { weight: 2, arbitrary: exact },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  );
  const cased = fc.tuple(name, fc.infiniteStream(fc.boolean())).map(([text, upper]) =>
    text
      .split("")
      .map((letter) => (upper.next().value ? letter.toUpperCase() : letter))
      .join(""),
  );
  const written = fc
    .tuple(fc.oneof(name, cased), fc.constantFrom("", "", ":80", ":8080", ":x", "."))
    .map((parts) => parts.join(""));
  const spoofed = fc.tuple(
    fc.constantFrom(scopeHeader, scopeHeader.toUpperCase()),
    fc.oneof(
      fc.nat(255).map((n) => `http-80/scope/${n}`),
      fc.constantFrom("", "x"),
    ),
  );
  const plain = fc.constantFrom<readonly [string, string]>(
    ["x-version", "1"],
    ["x-version", "2"],
    ["origin", "https://a.example"],
    ["x-gone", "1"],
    ["access-control-request-method", "PUT"],
  );
  return fc
    .record({
      version: fc.constantFrom("1.1", "1.1", "1.1", "2", "1.0"),
      hosts: fc
        .array(written, { minLength: 1, maxLength: 2 })
        .map((list) => (list[0]!.length % 4 === 0 ? list : list.slice(0, 1))),
      path: fc.constantFrom("/", "/a", "/a/b", "/c?q=1"),
      absolute: fc.option(written, { nil: undefined, freq: 8 }),
      method: fc.constantFrom("GET", "GET", "OPTIONS"),
      headers: fc.tuple(fc.array(plain, { maxLength: 3 }), fc.array(spoofed, { maxLength: 2 })).map((lists) => lists.flat()),
    })
    .map(({ path, absolute, ...rest }) => ({
      ...rest,
      target: absolute === undefined || rest.version === "2" ? path : `http://${absolute}${path}`,
    }));
}

// ── Both, side by side ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Answers with what it was asked. */
async function startEcho(seen: (header: string) => void): Promise<number> {
  const server = createServer(({ method, url, rawHeaders }, response) => {
    const pairs = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), rawHeaders[i + 1] ?? ""] as const] : []));
    for (const [name] of pairs) seen(name);
    const kept = pairs.filter(([name]) => name !== "x-request-id" && name !== scopeHeader);
    const body = JSON.stringify({ method, url, headers: kept });
    response.writeHead(200, { "content-length": Buffer.byteLength(body) }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  undo.push(() => new Promise((resolve) => (server.close(() => resolve()), server.closeAllConnections())));
  return (server.address() as AddressInfo).port;
}

interface Side {
  readonly port: () => Promise<number>;
  readonly sawKey: () => boolean;
  /** Resolves when the Envoy has acknowledged it. */
  show(hosts: readonly VirtualHost[]): Promise<void>;
  snapshot(): Snapshot;
}

async function startSide(routeLayout: RouteLayout): Promise<Side> {
  let snapshot: Snapshot | undefined;
  const settled = new Map<TypeUrl, number>();
  const server = createXdsServer({
    host: "127.0.0.1",
    port: 0,
    clock: realClock,
    onAcknowledged: ({ typeUrl, snapshotVersion }) => void settled.set(typeUrl, snapshotVersion),
  });
  const { port: xdsPort } = await server.listen();
  undo.push(() => server.close());
  let sawKey = false;
  const echo = await startEcho((name) => (sawKey ||= name === scopeHeader));
  const endpoints = [{ address: { type: "socket", host: "127.0.0.1", port: echo }, health: "healthy" } as const];
  const envoy = await startEnvoy(xdsPort, { anchored: true });
  undo.push(() => envoy.stop());
  const rest = {
    listeners: [someListener({ port: 0 })],
    assignments: [someAssignment({ localities: [{ priority: 0, endpoints }] })],
  };
  return {
    port: () => envoy.portOf("tcp-80"),
    sawKey: () => sawKey,
    snapshot: () => snapshot!,
    async show(hosts) {
      const encoded = encode(
        { ...someProxy({ ...rest, tables: { "http-80": hosts } }), name: "default/test", routeLayout },
        snapshot,
      );
      expect(encoded.refusals).toEqual([]);
      snapshot = encoded.snapshot;
      server.publish(snapshot);
      await until(
        () => [typeUrls.listener, typeUrls.routeConfiguration].every((type) => settled.get(type) === snapshot!.version),
        "the proxy has taken it",
      );
    },
  };
}

const rounds = 5;
const requestsPerRound = 400;

test(`${rounds * requestsPerRound} random requests to random tables are answered alike in both layouts, while the tables change`, async () => {
  const [plain, bucketed] = await Promise.all([startSide("plain"), startSide("bucketed")]);
  const different: unknown[] = [];
  const statuses = new Map<string, number>();
  let hosts: readonly VirtualHost[] = [];
  for (let round = 0; round < rounds; round++) {
    const made = fc.sample(host, { numRuns: 150, seed: 100 + round });
    const kept = hosts.filter((_, number) => number % 2 === round % 2);
    hosts = [...new Map([...kept, ...made].map((each) => [each.domains[0]!, each])).values()];
    await Promise.all([plain.show(hosts), bucketed.show(hosts)]);
    const ports = await Promise.all([plain.port(), bucketed.port()]);
    const requests = fc.sample(requestsTo(hosts.flatMap(({ domains }) => domains)), {
      numRuns: requestsPerRound,
      seed: 200 + round,
    });
    for (const request of requests) {
      const [one, other] = await Promise.all(ports.map((port) => answerTo(port, request)));
      const status = /^(?:HTTP\/1.1|:status:) (\d+)/.exec(one!)?.[1] ?? one!;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (one !== other) different.push({ request, one, other });
    }
  }
  expect(different.slice(0, 3)).toEqual([]);
  expect(bucketed.sawKey()).toBe(false);
  // The requests are worth asking.
  const often = [...statuses].filter(([, count]) => count >= 20).map(([status]) => status);
  expect(often).toEqual(expect.arrayContaining(["200", "302", "400", "404", "426", "500"]));
}, 180_000);
