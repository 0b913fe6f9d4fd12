// BackendTLSPolicy with a backend that speaks TLS only: what is asked for and checked, and that nothing is sent to whom cannot be checked.

import { ask, askWebSocket, short } from "./support/client.ts";
import { makeCertificate, type StoryCertificate } from "./support/certificates.ts";
import { gateway, http, object, route, service, to } from "./support/objects.ts";
import { freePorts } from "../testing/free-ports.ts";
import { startWorld, until, type World } from "./support/world.ts";

let world: World;
let port: number;
let certificate: StoryCertificate;

beforeAll(async () => {
  world = await startWorld(["v1"]);
  [port = 0] = await freePorts(1);
  certificate = await makeCertificate("secure.example");
  const secure = await world.addBackend("secure", { certificate });
  await world.apply("gateway", [gateway("eg", [http("http", port)])]);
  await world.apply("routes", [...service("secure", [secure]), route("secure", { rules: [{ backendRefs: to("secure") }] })]);
  await world.apply("ca", [authority(certificate)]);
}, 60_000);
afterAll(() => world.stop());
afterEach(() => world.apply("policies", []));

const authority = ({ pem }: StoryCertificate) => object("v1", "ConfigMap", "ca", { data: { "ca.crt": pem.cert } });
const ca = { group: "", kind: "ConfigMap", name: "ca" };

function policy(name: string, validation: object, target: object = {}) {
  const targetRefs = [{ group: "", kind: "Service", name: "secure", ...target }];
  const spec = { targetRefs, validation: { caCertificateRefs: [ca], ...validation } };
  return object("gateway.networking.k8s.io/v1", "BackendTLSPolicy", name, { spec });
}

const answer = async () => short(await ask(port, "a.example/"));

/** The server name that the backend was asked for by the newest request. */
const asked = () => world.backends["secure"]!.seen.at(-1)?.serverName;

async function said(name: string): Promise<readonly string[]> {
  const { status } = (await world.object("BackendTLSPolicy", name)) ?? {};
  const { ancestors = [] } = (status ?? {}) as {
    ancestors?: { ancestorRef: { name: string }; conditions: { type: string; status: string; reason: string }[] }[];
  };
  return ancestors.flatMap(({ ancestorRef, conditions }) =>
    conditions.map(({ type, status: holds, reason }) => `${ancestorRef.name} ${type}=${holds}/${reason}`),
  );
}

const good = ["eg Accepted=True/Accepted", "eg ResolvedRefs=True/ResolvedRefs"];

test("a policy makes TLS of plain text, and plain text again when it goes", async () => {
  // A TLS server answers plain text with an alert, which is no HTTP.
  expect(await answer()).not.toBe("secure");
  await world.apply("policies", [policy("tls", { hostname: "secure.example" })]);
  expect(await answer()).toBe("secure");
  expect(asked()).toBe("secure.example");
  expect(await said("tls")).toEqual(good);
  await world.apply("policies", []);
  expect(await answer()).not.toBe("secure");
});

test("a certificate must carry the hostname, or one of the names given in its place", async () => {
  const names = (...hostnames: readonly string[]) => hostnames.map((hostname) => ({ type: "Hostname", hostname }));
  const table = [
    [{ hostname: "other.example" }, "503"],
    [{ hostname: "other.example", subjectAltNames: names("secure.example") }, "secure"],
    [{ hostname: "secure.example", subjectAltNames: names("another.example") }, "503"],
    [{ hostname: "other.example", subjectAltNames: names("another.example", "secure.example") }, "secure"],
  ] as const;
  for (const [validation, expected] of table) {
    await world.apply("policies", [policy("tls", validation)]);
    expect([validation, await answer()]).toEqual([validation, expected]);
    expect(await said("tls")).toEqual(good);
  }
  expect(asked()).toBe("other.example");
});

test("a wildcard among the names stands for one label, and the system's authorities do not trust everybody", async () => {
  const name = (hostname: string) => ({ hostname: "other.example", subjectAltNames: [{ type: "Hostname", hostname }] });
  const table = [
    [name("*.example"), "secure"],
    [name("*.secure.example"), "503"],
    [name("*.xample"), "503"],
    [{ hostname: "secure.example", caCertificateRefs: undefined, wellKnownCACertificates: "System" }, "503"],
  ] as const;
  for (const [validation, expected] of table) {
    await world.apply("policies", [policy("tls", validation)]);
    expect([validation, await answer()]).toEqual([validation, expected]);
    expect(await said("tls")).toEqual(good);
  }
});

test("a ClusterTrustBundle is trusted once it is there, and a broken one is not", async () => {
  const bundle = (trustBundle: string) =>
    object("certificates.k8s.io/v1beta1", "ClusterTrustBundle", "example.com:ours:ca", {
      spec: { signerName: "example.com/ours", trustBundle },
    });
  const caCertificateRefs = [{ group: "certificates.k8s.io", kind: "ClusterTrustBundle", name: "example.com:ours:ca" }];
  await world.apply("policies", [policy("tls", { hostname: "secure.example", caCertificateRefs })]);
  expect(await answer()).toBe("500");
  await world.apply("bundle", [bundle(certificate.pem.cert)]);
  expect([await answer(), await said("tls")]).toEqual(["secure", good]);
  await world.apply("bundle", [bundle("something else")]);
  expect(await answer()).toBe("500");
  await world.apply("bundle", []);
});

test("a certificate of another CA is refused, and taken when its CA is trusted", async () => {
  await world.apply("policies", [policy("tls", { hostname: "secure.example" })]);
  await world.apply("ca", [authority(await makeCertificate("secure.example"))]);
  await until(async () => ((await answer()) === "503" ? true : undefined), "the backend is refused");
  expect(await said("tls")).toEqual(good);
  await world.apply("ca", [authority(certificate)]);
  await until(async () => ((await answer()) === "secure" ? true : undefined), "the backend is trusted");
});

test("without a usable CA requests answer 500 and the backend hears nothing, until there is one", async () => {
  await world.apply("ca", []);
  await world.apply("policies", [policy("tls", { hostname: "secure.example" })]);
  const before = world.backends["secure"]!.seen.length;
  expect(await answer()).toBe("500");
  expect(world.backends["secure"]!.seen.length).toBe(before);
  const missing = ["eg Accepted=False/NoValidCACertificate", "eg ResolvedRefs=False/InvalidCACertificateRef"];
  expect(await said("tls")).toEqual(missing);
  expect((await world.object("HTTPRoute", "secure"))?.status).toMatchObject({
    parents: [{ conditions: [{ status: "True" }, { type: "ResolvedRefs", status: "False", reason: "InvalidBackendTLS" }] }],
  });
  await world.apply("ca", [authority(certificate)]);
  expect(await answer()).toBe("secure");
  expect(await said("tls")).toEqual(good);
});

test("a WebSocket goes over TLS to a backend that says wss", async () => {
  const sockets = service("sockets", [world.backends["secure"]!], "kubernetes.io/wss");
  await world.apply("policies", [
    ...sockets,
    policy("sockets", { hostname: "secure.example" }, { name: "sockets" }),
    route("sockets", { hostnames: ["ws.example"], rules: [{ backendRefs: to("sockets") }] }),
  ]);
  expect(await askWebSocket(port, "ws.example/", "hello")).toBe("secure: hello");
});

test("a policy for the port comes before one for the Service", async () => {
  await world.apply("policies", [
    policy("a-whole", { hostname: "whole.example" }),
    policy("b-port", { hostname: "secure.example" }, { sectionName: "http" }),
    policy("c-port", { hostname: "late.example" }, { sectionName: "http" }),
  ]);
  expect(await answer()).toBe("secure");
  expect(await said("a-whole")).toEqual(good);
  expect(await said("b-port")).toEqual(good);
  expect(await said("c-port")).toEqual(["eg Accepted=False/Conflicted", "eg ResolvedRefs=True/ResolvedRefs"]);
});
