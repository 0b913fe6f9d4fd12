// Certificates of users that expire while the process runs.

import { gatewayWith, https, tlsSecret } from "../reconcilers/testing/gateways.ts";
import { makeCertificate } from "../reconcilers/testing/certificates.ts";
import { world } from "../reconcilers/testing/world.ts";
import { proxySecrets } from "../reconcilers/gateway/proxy-listeners.ts";
import { createExpiryWatch } from "./expiry.ts";
import { createFakeClock } from "./testing/clock.ts";

const day = 86_400_000;
const pair = (name: string, notAfter: string) => makeCertificate({ names: [name], notAfter: new Date(notAfter) });

test("time is told when the next certificate in use expires, which then goes, and never in between", () => {
  const clock = createFakeClock("2026-06-01T00:00:00Z");
  const store = world(
    gatewayWith("gw", [https("a", "a.example", "default/a"), https("b", "b.example", "default/b")]),
    tlsSecret("default/a", pair("a.example", "2026-06-03T00:00:00Z")),
    tlsSecret("default/b", pair("b.example", "2026-06-09T00:00:00Z")),
    tlsSecret("default/unused", pair("c.example", "2026-06-02T00:00:00Z")),
  );
  const told: string[] = [];
  const secrets = () => proxySecrets(store, "default/gw").map(({ name }) => name);
  const expiry = createExpiryWatch({
    store,
    clock,
    push(change) {
      if (change.type === "applied" && change.kind === "Clock") told.push(change.object.now);
      store.apply([change]);
    },
  });
  expiry.tell();
  expiry.look();
  expect([told, secrets()]).toEqual([["2026-06-01T00:00:00.000Z"], ["default/a", "default/b"]]);
  clock.pass(2 * day - 1);
  expect(told.splice(0)).toEqual(["2026-06-01T00:00:00.000Z"]);
  clock.pass(1);
  expect([told.splice(0), secrets()]).toEqual([["2026-06-03T00:00:00.000Z"], ["default/b"]]);
  expiry.look();
  clock.pass(6 * day);
  expect([told.splice(0), secrets()]).toEqual([["2026-06-09T00:00:00.000Z"], []]);
  expiry.look();
  clock.pass(400 * day);
  expect(told).toEqual([]);
});
