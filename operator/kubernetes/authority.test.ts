// The calendar of authorities and certificates, on one Secret that several replicas share. With a real API server: e2e/xds-security.e2e.ts.

import { X509Certificate } from "node:crypto";
import type { ServerTls } from "../../xds/server.ts";
import { createFakeClock, type FakeClock } from "../testing/clock.ts";
import { createAuthority, type Authority, type Lives } from "./authority.ts";
import { ApiError, type Call } from "./client.ts";

const hour = 3_600_000;
const lives: Lives = { authority: 300 * hour, leaf: 24 * hour, spread: 10 * hour, look: 5 * hour, retry: 1000 };

interface Stored {
  readonly metadata: { readonly resourceVersion: string };
  readonly data: Readonly<Record<string, string>>;
}

/** The Secret as an API server keeps it: a write that read another version is refused. */
function createShelf() {
  let stored: Stored | undefined;
  let version = 0;
  const shelf = {
    down: false,
    writes: 0,
    refusals: 0,
    drop: () => void (stored = undefined),
    stored: () => stored,
    corrupt,
    call,
  };
  function corrupt(data: Readonly<Record<string, string>>): void {
    if (stored !== undefined) stored = { metadata: { resourceVersion: String(++version) }, data: { ...stored.data, ...data } };
  }
  async function call({ method = "GET", body }: Call): Promise<unknown> {
    if (shelf.down) {
      shelf.refusals += 1;
      throw new Error("connect ECONNREFUSED");
    }
    if (method === "GET") {
      if (stored === undefined) throw refused(404, "NotFound");
      return structuredClone(stored);
    }
    const sent = body as Stored;
    if (method === "POST" ? stored !== undefined : stored?.metadata.resourceVersion !== sent.metadata.resourceVersion)
      throw refused(409, "Conflict");
    shelf.writes += 1;
    stored = { metadata: { resourceVersion: String(++version) }, data: sent.data };
    return stored;
  }
  return shelf;
}

function refused(status: number, reason: string): ApiError {
  return new ApiError(reason, { status, reason, retryAfterMs: undefined });
}

type Shelf = ReturnType<typeof createShelf>;

const running: Authority[] = [];
afterEach(() => running.splice(0).forEach((each) => each.stop()));

async function replica(client: Shelf, clock: FakeClock) {
  const log: string[] = [];
  const seen = { tls: [] as ServerTls[], bundles: [] as string[], log };
  const authority = await createAuthority({
    client,
    namespace: "envoy-gateway-system",
    serverNames: ["envoy-gateway", "envoy-gateway.envoy-gateway-system.svc"],
    clock,
    log: (message) => log.push(message),
    onRenewed: (tls) => seen.tls.push(tls),
    onBundle: (bundle) => seen.bundles.push(bundle),
    lives,
  });
  running.push(authority);
  seen.tls.push(authority.tls);
  seen.bundles.push(authority.caBundle);
  return { ...seen, tlsNow: () => seen.tls.at(-1)!, bundleNow: () => seen.bundles.at(-1)! };
}

/** Lets time pass, and what is due begin. */
async function pass(clock: FakeClock, hours: number): Promise<void> {
  const end = clock.now() + hours * hour;
  while (clock.now() < end) {
    clock.pass(Math.min(5 * hour, end - clock.now()));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What begins takes as long as keys take, and may find that more is due by now. */
async function eventually(clock: FakeClock, read: () => unknown, expected: unknown): Promise<void> {
  const end = performance.now() + 4000;
  while (JSON.stringify(read()) !== JSON.stringify(expected) && performance.now() < end) {
    clock.pass(0);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(read()).toEqual(expected);
}

const certificates = (pem: string): X509Certificate[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((text) => new X509Certificate(text));
/** Which of the authorities signed; -1: none. */
const signer = ({ cert }: ServerTls, bundle: string): number =>
  certificates(bundle).findIndex((authority) => new X509Certificate(cert).verify(authority.publicKey));

test("two replicas that start at once have one authority, and each its own certificate from it", async () => {
  const [shelf, clock] = [createShelf(), createFakeClock()];
  const [one, two] = await Promise.all([replica(shelf, clock), replica(shelf, clock)]);
  expect([shelf.writes, one.bundleNow() === two.bundleNow(), certificates(one.bundleNow()).length]).toEqual([1, true, 1]);
  expect([signer(one.tlsNow(), one.bundleNow()), signer(two.tlsNow(), two.bundleNow())]).toEqual([0, 0]);
  expect(one.tlsNow().key).not.toBe(two.tlsNow().key);
  expect(new X509Certificate(one.tlsNow().cert).subjectAltName).toBe(
    "DNS:envoy-gateway, DNS:envoy-gateway.envoy-gateway-system.svc",
  );
});

test("the server's certificate is renewed at two thirds of its life, also while there is no API server", async () => {
  const [shelf, clock] = [createShelf(), createFakeClock()];
  const one = await replica(shelf, clock);
  shelf.down = true;
  await pass(clock, 15);
  expect(one.tls.length).toBe(1);
  await pass(clock, 2);
  await eventually(clock, () => [one.tls.length, one.bundles.length, shelf.writes], [2, 1, 1]);
  expect(signer(one.tlsNow(), one.bundleNow())).toBe(0);
  expect(one.log[0]).toBe("the authority of the xDS server cannot be looked at: connect ECONNREFUSED");
});

test("an authority is trusted before it signs, and trusted on after it signed", async () => {
  const [shelf, clock] = [createShelf(), createFakeClock()];
  const [one, two] = [await replica(shelf, clock), await replica(shelf, clock)];
  const first = one.bundleNow();
  /** How many authorities are trusted, where among them the first is, and which of them signed for each replica. */
  const state = () => [
    certificates(one.bundleNow()).length,
    one.bundleNow() === two.bundleNow() ? one.bundleNow().indexOf(first) : "disagreement",
    signer(one.tlsNow(), one.bundleNow()),
    signer(two.tlsNow(), two.bundleNow()),
  ];
  await pass(clock, 199);
  await eventually(clock, () => [...state(), one.bundles.length], [1, 0, 0, 0, 1]);
  await pass(clock, 2); // two thirds
  await eventually(clock, state, [2, 0, 0, 0]);
  const both = one.bundleNow();
  await pass(clock, 11); // it has spread
  await eventually(clock, state, [2, both.length - first.length, 0, 0]);
  expect(new Set(certificates(both).map(({ subject }) => subject)).size).toBe(2);
  await pass(clock, 90); // the first has expired
  await eventually(clock, state, [1, -1, 0, 0]);
  expect(shelf.writes).toBe(4);
});

test("a Secret that is deleted or damaged comes back as it was", async () => {
  const [shelf, clock] = [createShelf(), createFakeClock()];
  const one = await replica(shelf, clock);
  const { data } = shelf.stored()!;
  shelf.drop();
  await pass(clock, 5);
  await eventually(clock, () => shelf.stored()?.data, data);
  shelf.corrupt({ "tls.key": Buffer.from("nothing of use").toString("base64") });
  await pass(clock, 5);
  await eventually(clock, () => shelf.stored()?.data, data);
  expect(one.bundles.length).toBe(1);
});

test("a replica that starts waits for the API server; one that finds an expired authority makes another", async () => {
  const [shelf, clock] = [createShelf(), createFakeClock()];
  const first = await replica(shelf, clock);
  running.splice(0).forEach((each) => each.stop());
  clock.pass(301 * hour);
  shelf.down = true;
  const late = replica(shelf, clock);
  const ticking = setInterval(() => clock.pass(1000), 5);
  await eventually(clock, () => shelf.refusals > 3, true);
  shelf.down = false;
  const second = await late;
  clearInterval(ticking);
  expect(second.log).toEqual(["the authority of the xDS server cannot be read or made: connect ECONNREFUSED"]);
  expect(certificates(second.bundleNow()).length).toBe(1);
  expect(second.bundleNow()).not.toBe(first.bundleNow());
});
