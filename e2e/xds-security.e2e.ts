// Who may ask the xDS server in a cluster, with a real API server that issues and reviews the tokens; and the authority behind its certificate.

import { X509Certificate } from "node:crypto";
import { status } from "@grpc/grpc-js";
import { envoyProxy, gatewayWith, parametersRef } from "../reconcilers/testing/gateways.ts";
import { applied } from "../reconcilers/testing/world.ts";
import { until } from "../xds/testing/envoy.ts";
import { startProxy, startReplica, startWorld, type World } from "./xds-security/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
  for (const name of ["eg", "other", "stranger"]) await world.account(name);
}, 900_000);
afterEach(() => world.undo());
afterAll(() => world?.close());

test("a proxy is told of its own Gateway; one that lies is told nothing, and we are told who and why", async () => {
  const { asks, refusals } = await startReplica(world);
  const good = await world.token("eg");
  expect(await asks("default/eg", good)).toEqual(["of default/eg"]);
  const denied = (why: string) => ({ code: status.PERMISSION_DENIED, why });
  expect(await asks("default/other", good)).toEqual(denied("ServiceAccount default/eg is no proxy of default/other"));
  expect(await asks("default/eg", await world.token("stranger"))).toEqual(
    denied("ServiceAccount default/stranger is no proxy of default/eg"),
  );
  const unknown = (why: string) => ({ code: status.UNAUTHENTICATED, why: expect.stringMatching(why) as unknown });
  const cases: readonly (readonly [string | undefined, string])[] = [
    [undefined, "^the client shows no token$"],
    ["garbage", "what it shows is no token"],
    [`${good}x`, "its token is not valid"],
    [world.expired(good), "its token is not valid"],
    [await world.token("eg", { audiences: ["somebody-else"] }), "its token is not valid"],
    [await world.token("eg", { audiences: ["https://kubernetes.default.svc.cluster.local"] }), "its token is not valid"],
    [world.server.token, "what it shows is no token"],
  ];
  for (const [token, why] of cases) expect(await asks("default/eg", token)).toEqual(unknown(why));
  expect(refusals.length).toBe(2 + cases.length);
  expect(refusals[0]).toBe("ServiceAccount default/eg is no proxy of default/other");
});

test("a pod's token is worth something under the pod's name only, and while the pod is there", async () => {
  const { asks } = await startReplica(world);
  const token = await world.token("eg", { pod: await world.pod("eg-1", "eg") });
  expect(await asks("default/eg", token, "eg-2")).toEqual({
    code: status.PERMISSION_DENIED,
    why: "pod default/eg-1 (ServiceAccount default/eg) calls itself eg-2",
  });
  expect(await asks("default/eg", token, "eg-1")).toEqual(["of default/eg"]);
  // Another, because an API server remembers its own answers for ten seconds.
  const left = await world.token("eg", { pod: await world.pod("eg-2", "eg") });
  await world.client.call({ method: "DELETE", path: "/api/v1/namespaces/default/pods/eg-2", query: { gracePeriodSeconds: 0 } });
  expect(await asks("default/eg", left, "eg-2")).toMatchObject({ code: status.UNAUTHENTICATED });
});

test("a ServiceAccount that is gone opens nothing more", async () => {
  await world.account("leaving");
  const token = await world.token("leaving");
  await world.client.call({ method: "DELETE", path: "/api/v1/namespaces/default/serviceaccounts/leaving" });
  const { asks } = await startReplica(world);
  expect(await asks("default/eg", token)).toMatchObject({ code: status.UNAUTHENTICATED });
});

test("a stream from before the Gateway's ServiceAccount was another goes on; with the old one no new stream begins", async () => {
  const { asks, port, bundle, streams, restart } = await startReplica(world);
  const token = await world.token("eg");
  const proxy = await startProxy(world, port, { token, bundle: bundle() });
  await until(async () => (await proxy.clusters()).length > 0, "the proxy is told");
  const renamed = envoyProxy("renamed", {
    provider: { type: "Kubernetes", kubernetes: { envoyServiceAccount: { name: "stranger" } } },
  });
  const settings = { infrastructure: { parametersRef: parametersRef("renamed") } };
  world.store.apply([applied(renamed), applied(gatewayWith("eg", [{ name: "http" }], settings))]);
  world.after(() => world.store.apply([applied(gatewayWith("eg", [{ name: "http" }]))]));
  expect(streams().map(({ proxy: name }) => name)).toEqual(["default/eg"]);
  expect(await asks("default/eg", token)).toMatchObject({ code: status.PERMISSION_DENIED });
  expect(await asks("default/eg", await world.token("stranger"))).toEqual(["of default/eg"]);
  await restart();
  expect(await proxy.clusters()).toEqual(["of default/eg"]);
  proxy.giveToken(await world.token("stranger"));
  await until(() => streams().length === 1, "the proxy comes with its new token");
});

test("while there is no API server who is known may come, and who is not is told to come again and keeps what it has", async () => {
  const { asks, port, bundle, streams, refusals, restart } = await startReplica(world);
  const [known, other] = [await world.token("eg"), await world.token("other")];
  const proxy = await startProxy(world, port, { token: known, bundle: bundle() });
  await until(async () => (await proxy.clusters()).length > 0, "the proxy is told");
  await world.server.kill();
  try {
    expect(await asks("default/other", other)).toMatchObject({ code: status.UNAVAILABLE });
    expect(await asks("default/eg", known)).toEqual(["of default/eg"]);
    proxy.giveToken("a.e30.c");
    await restart();
    await until(() => refusals.some((why) => why.includes("cannot be reviewed")) && refusals.length > 1, "the proxy is refused");
    expect(await proxy.clusters()).toEqual(["of default/eg"]);
  } finally {
    await world.server.restart();
  }
  expect(await asks("default/other", other)).toEqual(["of default/other"]);
  proxy.giveToken(known);
  await until(() => streams().length === 1, "the proxy is back", 60_000);
});

const authorities = (bundle: string): readonly X509Certificate[] =>
  (bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((pem) => new X509Certificate(pem));
const signedBy = (certificate: string, authority: X509Certificate | undefined): boolean =>
  authority !== undefined && new X509Certificate(certificate).verify(authority.publicKey);

test("five replicas that start at once have one authority", async () => {
  await world.client.call({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name: "race" } } });
  const replicas = await Promise.all(Array.from({ length: 5 }, () => startReplica(world, { secretNamespace: "race" })));
  expect(new Set(replicas.map(({ bundle }) => bundle())).size).toBe(1);
  const [authority] = authorities(replicas[0]!.bundle());
  expect(replicas.map(({ certificate }) => signedBy(certificate(), authority))).toEqual(Array(5).fill(true));
});

test("while authorities rotate a proxy stays connected, and comes back to replicas of every age", async () => {
  await world.client.call({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name: "rotation" } } });
  let give = (_bundle: string): void => {};
  const lives = { authority: 24_000, leaf: 12_000, spread: 3000, look: 1000, retry: 500 };
  const [one, two] = await Promise.all(
    [1, 2].map(() => startReplica(world, { secretNamespace: "rotation", lives, onBundle: (bundle) => give(bundle) })),
  );
  const first = authorities(one!.bundle())[0];
  const proxy = await startProxy(world, one!.port, { token: await world.token("eg"), bundle: one!.bundle() });
  give = proxy.giveBundle;
  await until(() => one!.streams().length === 1, "the proxy is there");

  await until(() => authorities(one!.bundle()).length === 2, "the next authority is trusted", 30_000);
  expect(signedBy(one!.certificate(), first)).toBe(true);
  await until(
    () => !signedBy(one!.certificate(), first) && !signedBy(two!.certificate(), first),
    "the next authority signs",
    30_000,
  );
  expect(one!.streams().length).toBe(1);
  await one!.restart();
  await until(() => one!.streams().length === 1, "the proxy comes back under the next authority", 60_000);
  await until(
    () => authorities(two!.bundle()).every(({ fingerprint }) => fingerprint !== first?.fingerprint),
    "the first is trusted no more",
    60_000,
  );
  await one!.restart();
  await until(() => one!.streams().length === 1, "the proxy comes back", 60_000);
  expect(one!.refusals).toEqual([]);
}, 300_000);
