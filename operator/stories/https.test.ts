// HTTPS listeners: which certificate and which routes a connection meets, and that certificates change without anyone noticing.

import { ask, askHttp2, connect, short } from "./support/client.ts";
import { makeCertificate, type StoryCertificate } from "./support/certificates.ts";
import { startLoad } from "./support/load.ts";
import { gateway, https, route, to } from "./support/objects.ts";
import { freePorts } from "../testing/free-ports.ts";
import { startWorld, until, type World } from "./support/world.ts";

const hosts = ["catch-all", "example.org", "second-example.org", "*.wild.example"];
let world: World;
let port: number;
let certificates: Record<string, StoryCertificate>;

const gatewayWith = (more: readonly object[]) => [
  gateway("eg", [
    https("catch-all", port, undefined, ["catch-all"]),
    https("example", port, "example.org", ["example"]),
    https("second", port, "second-example.org", ["second"]),
    https("wild", port, "*.wild.example", ["wild"]),
    ...(more as Parameters<typeof gateway>[1]),
  ]),
];

beforeAll(async () => {
  world = await startWorld();
  [port = 0] = await freePorts(1);
  const made = await Promise.all(hosts.map((host) => makeCertificate(host)));
  certificates = Object.fromEntries(hosts.map((host, index) => [host, made[index]!]));
  await world.apply("secrets", [
    certificates["catch-all"]!.secret("catch-all"),
    certificates["example.org"]!.secret("example"),
    certificates["second-example.org"]!.secret("second"),
    certificates["*.wild.example"]!.secret("wild"),
  ]);
  await world.apply("gateway", gatewayWith([]));
  const parents = (sectionName: string) => [{ name: "eg", sectionName }];
  await world.apply("routes", [
    route("example", { parents: parents("example"), rules: [{ backendRefs: to("v1") }] }),
    route("second", { parents: parents("second"), rules: [{ backendRefs: to("v2") }] }),
    route("wild", { parents: parents("wild"), rules: [{ backendRefs: to("v3") }] }),
    route("known", { hostnames: ["known.example"], parents: parents("catch-all"), rules: [{ backendRefs: to("v1") }] }),
  ]);
}, 60_000);
afterAll(() => world.stop());

test("server name and host choose certificate and routes", async () => {
  const table = [
    // Server name, host, certificate, answer.
    ["example.org", "example.org", "example.org", "v1"],
    ["EXAMPLE.org", "example.org", "example.org", "v1"],
    ["second-example.org", "second-example.org", "second-example.org", "v2"],
    ["a.wild.example", "a.wild.example", "*.wild.example", "v3"],
    ["a.b.wild.example", "a.b.wild.example", "*.wild.example", "v3"],
    ["known.example", "known.example", "catch-all", "v1"],
    ["unknown-example.org", "unknown-example.org", "catch-all", "404"],
    ["wild.example", "wild.example", "catch-all", "404"],
    // No server name at all.
    ["", "known.example", "catch-all", "v1"],
    // The host of another listener on this listener's connection.
    ["second-example.org", "example.org", "second-example.org", "404"],
    ["known.example", "example.org", "catch-all", "404"],
    ["example.org", "known.example", "example.org", "404"],
  ] as const;
  const owner = new Map(Object.entries(certificates).map(([host, { fingerprint }]) => [fingerprint, host]));
  const got = await Promise.all(
    table.map(async ([sni, host]) => {
      const answer = await ask(port, `${host}/`, { sni });
      return [sni, host, owner.get(answer.certificate ?? ""), short(answer)];
    }),
  );
  expect(got).toEqual(table);
});

test("hosts of other listeners are not served on a connection that HTTP/2 shares", async () => {
  const asked = ["second-example.org/", "example.org/", "second-example.org/again"];
  expect(await askHttp2(`https://127.0.0.1:${port}`, asked, "second-example.org")).toEqual(["v2", "404", "v2"]);
});

test("of two certificates with different algorithms a client gets the one that it can check", async () => {
  const [own = 0] = await freePorts(1);
  const [rsa, ecdsa] = await Promise.all([makeCertificate("both.example", "rsa"), makeCertificate("both.example", "ecdsa")]);
  await world.apply("both", [
    rsa.secret("rsa"),
    ecdsa.secret("ecdsa"),
    gateway("both", [https("https", own, undefined, ["rsa", "ecdsa"])]),
    route("both", { parents: [{ name: "both" }], rules: [{ backendRefs: to("v1") }] }),
  ]);
  const certificate = async (sigalgs: string) => (await ask(own, "both.example/", { sni: "both.example", sigalgs })).certificate;
  expect(await certificate("rsa_pss_rsae_sha256")).toBe(rsa.fingerprint);
  expect(await certificate("ecdsa_secp256r1_sha256")).toBe(ecdsa.fingerprint);
  await world.remove("both");
});

test("a certificate is replaced under load: no request fails, no connection ends, and the new one is there within a second", async () => {
  const open = connect(`https://127.0.0.1:${port}`, "example.org");
  expect(await open.ask("example.org/")).toBe("v1");
  const load = startLoad({ port, lines: ["example.org/"], sni: "example.org" }, "v1");
  const slowest: number[] = [];
  for (let edit = 0; edit < 25; edit++) {
    const next = await makeCertificate("example.org");
    const start = performance.now();
    await world.write("secrets", [
      certificates["catch-all"]!.secret("catch-all"),
      next.secret("example"),
      certificates["second-example.org"]!.secret("second"),
      certificates["*.wild.example"]!.secret("wild"),
    ]);
    await until(async () => {
      const { certificate } = await ask(port, "example.org/", { sni: "example.org" });
      return certificate === next.fingerprint ? true : undefined;
    }, "the new certificate is shown");
    slowest.push(performance.now() - start);
  }
  expect(await open.ask("example.org/")).toBe("v1");
  expect(open.ended()).toBe(false);
  open.close();
  const { wrong, count } = await load.stop(1_000);
  expect(wrong).toEqual({});
  expect(count).toBeGreaterThanOrEqual(1_000);
  expect(Math.max(...slowest)).toBeLessThan(1_000);
}, 30_000);

test("listeners for other server names come and go on the same port, and no connection of this one ends", async () => {
  const open = connect(`https://127.0.0.1:${port}`, "example.org");
  expect(await open.ask("example.org/")).toBe("v1");
  const load = startLoad({ port, lines: ["example.org/"], sni: "example.org" }, "v1");
  await load.served(50);
  for (let edit = 0; edit < 20; edit++) {
    const more = Array.from({ length: (edit + 1) % 4 }, (_, i) => https(`more-${i}`, port, `more-${i}.example`, ["second"]));
    await world.apply("gateway", gatewayWith(more));
    const answer = await ask(port, "known.example/", { sni: "more-0.example" });
    const owner = more.length > 0 ? answer.certificate !== certificates["catch-all"]!.fingerprint : answer.status === 200;
    expect([edit, owner]).toEqual([edit, true]);
    await load.served(50);
  }
  expect(await open.ask("example.org/")).toBe("v1");
  expect(open.ended()).toBe(false);
  open.close();
  const { wrong, count } = await load.stop(1_000);
  expect(wrong).toEqual({});
  expect(count).toBeGreaterThanOrEqual(1_000);
}, 30_000);
