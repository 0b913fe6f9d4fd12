// Certificates that are renewed while server and Envoys run.

import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { bootstrap } from "../../xds/bootstrap.ts";
import { createXdsServer, type ServerTls } from "../../xds/server.ts";
import { systemClock } from "../clock.ts";
import { createEndings } from "../endings.ts";
import { createFakeClock } from "../testing/clock.ts";
import { envoyPath } from "./envoy-binary.ts";
import { startGuarded } from "./guard.ts";
import { createXdsIdentity } from "./xds-identity.ts";

const day = 86_400_000;
/** Leaves live for 365 days. */
const twoThirds = Math.ceil((365 * day * 2) / 3);

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "identity-"))));
const endings = createEndings();
afterEach(async () => {
  await endings.run();
  await rm(folder, { recursive: true, force: true });
});

/** What a new connection to this port is shown, as a serial number. */
async function shown(port: number): Promise<string> {
  const [ca, cert, key] = await Promise.all(
    ["ca.crt", "client.crt", "client.key"].map((name) => readFile(join(folder, name), "utf8")),
  );
  const socket = connect({ port, ca, cert, key, servername: "envoy-gateway", ALPNProtocols: ["h2"] });
  await once(socket, "secureConnect");
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

async function until<Value>(read: () => Promise<Value> | Value, good: (value: Value) => boolean): Promise<Value> {
  const end = performance.now() + 15_000;
  for (;;) {
    const value = await read();
    if (good(value)) return value;
    if (performance.now() > end) throw new Error(`still ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

test("at two thirds of their life new connections get new certificates, and a running Envoy reads its own again", async () => {
  // Begins in the past, so that both pairs are valid by the calendar that Envoy and Node look at.
  const clock = createFakeClock(new Date(Date.now() - twoThirds).toISOString());
  const renewals: ServerTls[] = [];
  const identity = await createXdsIdentity({
    folder,
    clock,
    onRenewed: (tls) => (renewals.push(tls), xds.renew(tls)),
    onFailed: (cause) => {
      throw cause;
    },
  });
  const connected: string[] = [];
  const xds = createXdsServer({
    host: "127.0.0.1",
    port: 0,
    tls: identity.server,
    clock: systemClock,
    onConnected: ({ nodeId }) => connected.push(nodeId),
  });
  const { port } = await xds.listen();
  const { credentials, serverName } = identity.client(port);
  if (credentials.type !== "files") throw new Error("one machine needs no tokens");
  const { sdsFiles } = credentials;
  const admin = join(folder, "admin");
  const config = bootstrap({
    node: { id: "one", cluster: "default/eg" },
    admin: { host: "127.0.0.1", port: 0 },
    readiness: { host: "127.0.0.1", port: 0 },
    stats: { type: "all" },
    xds: {
      host: "127.0.0.1",
      port,
      serverName,
      credentials: {
        type: "sdsFiles",
        certificate: { name: "xds_certificate", path: sdsFiles!.certificate },
        trust: { name: "xds_trusted_ca", path: sdsFiles!.trust },
      },
    },
  });
  const args = ["--config-yaml", JSON.stringify(config), "--admin-address-path", admin, "--use-dynamic-base-id", "-l", "error"];
  const envoy = startGuarded(await envoyPath(), args);
  endings.add(() => xds.close());
  endings.add(async () => {
    envoy.stop();
    await envoy.exited;
  });
  envoy.stdout.resume();
  envoy.stderr.resume();
  await until(
    () => connected.length,
    (count) => count === 1,
  );
  const serials = async (): Promise<string> => {
    const address = await readFile(admin, "utf8");
    return (await fetch(`http://${address}/certs`)).text();
  };
  const first = await shown(port);
  const before = await serials();

  clock.pass(twoThirds - day);
  expect(renewals).toEqual([]);
  clock.pass(day);
  await until(
    () => renewals.length,
    (count) => count === 1,
  );
  expect(await shown(port)).not.toBe(first);
  const after = await until(serials, (text) => text !== before);
  expect(after).toContain("envoy");
}, 60_000);
