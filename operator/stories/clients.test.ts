// ClientTrafficPolicy as clients see it: who they are taken for, what is refused, what is cut, and that a broken policy serves nobody.

import { connect } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { ask, short } from "./support/client.ts";
import { makeCertificate, type StoryCertificate } from "./support/certificates.ts";
import { type ApiObject, gateway, http, https, l4Route, object, route, service, tcp, to } from "./support/objects.ts";
import { askLine, openLine, type SocketBackend, startLineBackend } from "./support/sockets.ts";
import { freePorts } from "../testing/free-ports.ts";
import { startWorld, until, type World } from "./support/world.ts";

let world: World;
let port: number;
let securePort: number;
let linePort: number;
let lines: SocketBackend;
let server: StoryCertificate;
let client: StoryCertificate;

beforeAll(async () => {
  world = await startWorld(["v1"]);
  [port = 0, securePort = 0, linePort = 0] = await freePorts(3);
  lines = await startLineBackend("v1");
  server = await makeCertificate("secure.example");
  client = await makeCertificate("client.example");
  await world.apply("gateway", [
    server.secret("web"),
    object("v1", "ConfigMap", "ca", { data: { "ca.crt": client.pem.cert } }),
    gateway("eg", [http("http", port), https("https", securePort, undefined, ["web"]), tcp("tcp", linePort)]),
    ...service("lines", [lines]),
    l4Route("TCPRoute", "lines", { listener: "tcp", backendRefs: to("lines") }),
    route("app", { rules: [{ backendRefs: to("v1") }] }),
  ]);
}, 60_000);
afterAll(() => {
  lines.close();
  return world.stop();
});
afterEach(() => world.apply("policies", []));

function policy(spec: object, sectionName?: string): ApiObject {
  const target = { group: "gateway.networking.k8s.io", kind: "Gateway", name: "eg", ...(sectionName && { sectionName }) };
  return object("gateway.envoyproxy.io/v1alpha1", "ClientTrafficPolicy", "clients", { spec: { targetRefs: [target], ...spec } });
}
const use = (spec: object, section?: string) => world.apply("policies", [policy(spec, section)]);

async function said(): Promise<readonly string[]> {
  const { status } = (await world.object("ClientTrafficPolicy", "clients")) ?? {};
  const { ancestors = [] } = (status ?? {}) as {
    ancestors?: { conditions: { type: string; status: string; reason: string; message: string }[] }[];
  };
  return ancestors.flatMap(({ conditions }) =>
    conditions.map((one) => `${one.type}=${one.status}/${one.reason}: ${one.message}`),
  );
}

/** What a backend is told of the client. */
async function told(line: string, header: string): Promise<string | undefined> {
  return (await ask(port, line)).seen?.headers[header];
}

/** All that comes back of these bytes until the other side ends the connection. */
function raw(text: string, at = port): Promise<string> {
  return new Promise((resolve) => {
    let got = "";
    const socket = connect({ host: "127.0.0.1", port: at }, () => void socket.write(text));
    socket.on("data", (data: Buffer) => (got += data.toString()));
    socket.on("error", () => socket.destroy()).on("close", () => resolve(got));
  });
}

/** The version of TLS that is agreed on and the status of a request, or the reason why there is none. */
function handshake(options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const common = { host: "127.0.0.1", port: securePort, servername: "secure.example", rejectUnauthorized: false };
    const socket = connectTls({ ...common, ...options }, () => {
      socket.write("GET / HTTP/1.1\r\nhost: secure.example\r\nconnection: close\r\n\r\n");
    });
    socket.on("data", (data: Buffer) => {
      resolve(`${socket.getProtocol()} ${/^HTTP\/1\.1 (\d+)/.exec(data.toString())?.[1]}`);
      socket.destroy();
    });
    socket.on("error", () => resolve("refused")).on("close", () => resolve("refused"));
  });
}

const oldTls = (version: "TLSv1.1" | "TLSv1.2"): ConnectionOptions => ({
  minVersion: version,
  maxVersion: version,
  ciphers: "DEFAULT:@SECLEVEL=0",
});

test("versions of TLS that the policy does not allow are refused", async () => {
  expect(await handshake(oldTls("TLSv1.2"))).toBe("TLSv1.2 200");
  await use({ tls: { minVersion: "1.3" } });
  expect([await handshake(oldTls("TLSv1.2")), await handshake({})]).toEqual(["refused", "TLSv1.3 200"]);
  await use({ tls: { minVersion: "1.1", maxVersion: "1.2" } });
  expect([await handshake({ minVersion: "TLSv1.3" }), await handshake(oldTls("TLSv1.2"))]).toEqual(["refused", "TLSv1.2 200"]);
  await use({});
  expect(await handshake(oldTls("TLSv1.1"))).toBe("refused");
});

test("a certificate of the client is demanded and checked, and may be optional", async () => {
  const clientValidation = { caCertificateRefs: [{ kind: "ConfigMap", name: "ca" }] };
  const shown = { cert: client.pem.cert, key: client.pem.key };
  const stranger = { cert: server.pem.cert, key: server.pem.key };
  await use({ tls: { clientValidation } });
  expect([await handshake({}), await handshake(stranger), await handshake(shown)]).toEqual(["refused", "refused", "TLSv1.3 200"]);
  // HTTP is not concerned.
  expect(short(await ask(port, "a.example/"))).toBe("v1");
  await use({ tls: { clientValidation: { ...clientValidation, optional: true } } });
  expect([await handshake({}), await handshake(stranger)]).toEqual(["TLSv1.3 200", "refused"]);
  const subjectAltNames = { dnsNames: [{ value: "other.example" }] };
  await use({ tls: { clientValidation: { ...clientValidation, subjectAltNames } } });
  expect(await handshake(shown)).toBe("refused");
});

test("a certificate that is revoked is refused", async () => {
  const refs = [{ kind: "ConfigMap", name: "revoked" }];
  const clientValidation = { caCertificateRefs: [{ kind: "ConfigMap", name: "ca" }], crl: { refs } };
  const shown = { cert: client.pem.cert, key: client.pem.key };
  const after = async (itself: boolean): Promise<string> => {
    await world.apply("revoked", [
      object("v1", "ConfigMap", "revoked", { data: { "ca.crl": await client.revocationList(itself) } }),
    ]);
    await use({ tls: { clientValidation } });
    return handshake(shown);
  };
  expect([await after(false), await after(true)]).toEqual(["TLSv1.3 200", "refused"]);
  await world.remove("revoked");
  expect(await handshake(shown)).toBe("TLSv1.3 500");
});

test("with an authority that is not there nobody is served, and the policy says why; other listeners go on", async () => {
  await use({ tls: { clientValidation: { caCertificateRefs: [{ kind: "ConfigMap", name: "away" }] } } }, "https");
  expect([await handshake({}), short(await ask(port, "a.example/"))]).toEqual(["TLSv1.3 500", "v1"]);
  expect(await said()).toEqual([
    "Accepted=False/Invalid: tls.clientValidation.caCertificateRefs[0] cannot be used: ConfigMap default/away not found.",
  ]);
});

test("the details of a client's certificate are told to backends when asked for", async () => {
  const clientValidation = { caCertificateRefs: [{ kind: "ConfigMap", name: "ca" }] };
  const xForwardedClientCert = { mode: "SanitizeSet", certDetailsToAdd: ["DNS"] };
  await use({ tls: { clientValidation }, headers: { xForwardedClientCert } });
  expect(await handshake({ cert: client.pem.cert, key: client.pem.key })).toBe("TLSv1.3 200");
  expect(world.backends["v1"]!.seen.at(-1)?.headers["x-forwarded-client-cert"]).toMatch(/DNS=client\.example/);
});

test("the address of the client is found where the policy says", async () => {
  const line = "a.example/ | x-forwarded-for: 1.1.1.1, 2.2.2.2, 3.3.3.3 | x-client: 4.4.4.4";
  const header = {
    headers: { lateResponseHeaders: { set: [{ name: "x-seen", value: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%" }] } },
  };
  const seen = async (): Promise<unknown> => (await ask(port, line)).headers["x-seen"];
  await use(header);
  expect(await seen()).toBe("127.0.0.1");
  await use({ ...header, clientIPDetection: { xForwardedFor: { numTrustedHops: 2 } } });
  expect(await seen()).toBe("2.2.2.2");
  await use({ ...header, clientIPDetection: { xForwardedFor: { trustedCIDRs: ["127.0.0.0/8", "3.3.3.3/32"] } } });
  expect(await seen()).toBe("2.2.2.2");
  await use({ ...header, clientIPDetection: { customHeader: { name: "x-client", failClosed: true } } });
  expect(await seen()).toBe("4.4.4.4");
  expect((await ask(port, "a.example/")).status).toBe(403);
});

test("the PROXY protocol is read, demanded, or optional", async () => {
  const request = "GET / HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\n\r\n";
  const header = "PROXY TCP4 9.9.9.9 127.0.0.1 4000 80\r\n";
  await use({ proxyProtocol: {} });
  expect(await raw(request)).toBe("");
  expect(await raw(header + request)).toContain('"x-forwarded-for":"9.9.9.9"');
  await use({ proxyProtocol: { optional: true } });
  expect([await raw(request), await raw(header + request)].map((answer) => answer.slice(9, 12))).toEqual(["200", "200"]);
});

test("headers with underscores are refused, dropped or allowed", async () => {
  const asked = async (): Promise<string> => {
    const { status, seen } = await ask(port, "a.example/ | a_b: 1");
    return `${status} ${seen?.headers["a_b"]}`;
  };
  expect(await asked()).toBe("400 undefined");
  await use({ headers: { withUnderscoresAction: "DropHeader" } });
  expect(await asked()).toBe("200 undefined");
  await use({ headers: { withUnderscoresAction: "Allow" } });
  expect(await asked()).toBe("200 1");
});

test("headers are changed before routes are chosen, and after the response", async () => {
  await world.apply("early", [
    route("early", {
      rules: [{ matches: [{ headers: [{ name: "x-early", value: "yes" }] }], filters: [redirect], backendRefs: [] }],
    }),
  ]);
  await use({
    headers: {
      earlyRequestHeaders: { set: [{ name: "x-early", value: "yes" }] },
      lateResponseHeaders: { set: [{ name: "x-late", value: "yes" }] },
    },
  });
  const { status, headers } = await ask(port, "a.example/");
  expect([status, headers["x-late"]]).toEqual([302, "yes"]);
  await use({ headers: { earlyRequestHeaders: { removeOnMatch: [{ type: "Prefix", value: "x-early" }] } } });
  expect(short(await ask(port, "a.example/ | x-early: yes"))).toBe("v1");
  await world.remove("early");
});
const redirect = { type: "RequestRedirect", requestRedirect: { hostname: "elsewhere.example" } };

test("request identifiers of clients are kept or replaced", async () => {
  const line = "a.example/ | x-request-id: mine";
  expect(await told(line, "x-request-id")).not.toBe("mine");
  await use({ headers: { requestID: "PreserveOrGenerate" } });
  expect(await told(line, "x-request-id")).toBe("mine");
  expect(await told("a.example/", "x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  await use({ headers: { requestID: "Disable" } });
  expect(await told("a.example/", "x-request-id")).toBeUndefined();
});

test("Envoy's own headers are sent when asked for", async () => {
  expect((await ask(port, "a.example/")).headers["x-envoy-upstream-service-time"]).toBeUndefined();
  await use({ headers: { enableEnvoyHeaders: true } });
  expect((await ask(port, "a.example/")).headers["x-envoy-upstream-service-time"]).toMatch(/^\d+$/);
});

test("slashes are merged or kept, escaped ones kept or refused", async () => {
  const path = async (line: string): Promise<string | number | undefined> => {
    const { seen, status } = await ask(port, line);
    return seen?.path ?? status;
  };
  expect([await path("a.example/x//y"), await path("a.example/x%2Fy")]).toEqual(["/x/y", 307]);
  await use({ path: { disableMergeSlashes: true, escapedSlashesAction: "KeepUnchanged" } });
  expect([await path("a.example/x//y"), await path("a.example/x%2Fy")]).toEqual(["/x//y", "/x%2Fy"]);
  await use({ path: { escapedSlashesAction: "RejectRequest" } });
  expect(await path("a.example/x%2Fy")).toBe(400);
});

test("idle connections and requests that do not arrive are cut", async () => {
  await use({ timeout: { http: { idleTimeout: "200ms", requestReceivedTimeout: "300ms" } } });
  // Without a limit each of these would wait for ever.
  expect(await raw("")).toBe("");
  expect(await raw("GET / HTTP/1.1\r\nhost: a.example\r\nx-more: ")).toMatch(/^HTTP\/1\.1 408/);
  await use({ timeout: { http: { streamIdleTimeout: "200ms" } } });
  expect((await ask(port, "a.example/?delay=5000")).status).toBe(504);
});

test("connections that are no HTTP are cut when idle, counted, and closed by a policy that is broken", async () => {
  const spec = (timeout: object) => use({ timeout: { tcp: timeout }, connection: { connectionLimit: { value: 1 } } });
  await spec({ idleTimeout: "1h" });
  const held = openLine(linePort);
  expect([await held.say("hello"), await askLine(linePort)]).toEqual(["v1: hello", "closed"]);
  held.close();
  await spec({ idleTimeout: "200ms" });
  const idle = openLine(linePort);
  expect(await idle.say("hello")).toBe("v1: hello");
  await until(async () => (idle.ended ? true : undefined), "the idle connection is cut");
  await use({ clientIPDetection: { xForwardedFor: { trustedCIDRs: ["10.0.0.0/99"] } } });
  expect(await askLine(linePort)).toBe("closed");
});

test("no more connections than allowed are served at a time", async () => {
  await use({ connection: { connectionLimit: { value: 1 } } });
  const first = connect({ host: "127.0.0.1", port });
  await new Promise((resolve) => first.once("connect", resolve));
  // The connection counts when Envoy has accepted it, which its answer shows.
  first.write("GET / HTTP/1.1\r\nhost: a.example\r\n\r\n");
  await new Promise((resolve) => first.once("data", resolve));
  expect(await raw("GET / HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\n\r\n")).toBe("");
  first.destroy();
});

test("a connection ends after its requests", async () => {
  await use({ connection: { connectionLimit: { value: 100, maxRequestsPerConnection: 1 } } });
  expect((await ask(port, "a.example/")).headers["connection"]).toBe("close");
});

test("health checks of the proxy are answered by the proxy", async () => {
  await use({ healthCheck: { path: "/healthz" } });
  expect(short(await ask(port, "a.example/healthz"))).toBe("200");
  expect(short(await ask(port, "a.example/healthz/more"))).toBe("v1");
});

test("the case of headers is kept, and HTTP/1.0 is served, when asked for", async () => {
  const old = "GET / HTTP/1.0\r\nHost: a.example\r\n\r\n";
  expect((await raw(old)).slice(9, 12)).toBe("426");
  await use({ http1: { http10: {}, preserveHeaderCase: true } });
  expect((await raw(old)).slice(9, 12)).toBe("200");
});
