import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, connect } from "node:tls";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureCertificates, type CertificateFiles } from "./certificates.ts";

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "certificates-"))));
afterEach(() => rm(folder, { recursive: true }));

async function material(files: CertificateFiles) {
  return {
    ca: await readFile(files.caFile, "utf8"),
    cert: await readFile(files.certFile, "utf8"),
    key: await readFile(files.keyFile, "utf8"),
  };
}

test("server and client trust each other over mutual TLS", async () => {
  const { server, client } = await ensureCertificates(folder, "envoy-gateway");
  const listener = createServer({ ...(await material(server)), requestCert: true, rejectUnauthorized: true }, (socket) =>
    socket.end(`${socket.authorized} ${socket.getPeerX509Certificate()?.subject}`),
  ).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const socket = connect({
    port: (listener.address() as AddressInfo).port,
    ...(await material(client)),
    servername: "envoy-gateway",
  });
  let answer = "";
  for await (const chunk of socket) answer += String(chunk);
  listener.close();
  expect(answer).toBe("true CN=envoy");
});

test("they are made once, and only the owner can read them", async () => {
  const { server } = await ensureCertificates(folder, "envoy-gateway");
  const first = await material(server);
  await ensureCertificates(folder, "envoy-gateway");
  expect(await material(server)).toEqual(first);
  for (const file of [server.caFile, server.certFile, server.keyFile]) expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("at two thirds of its life a certificate is renewed by the same authority", async () => {
  const start = Date.now();
  const { server } = await ensureCertificates(folder, "envoy-gateway", start);
  const first = await material(server);
  await ensureCertificates(folder, "envoy-gateway", start + 250 * 86_400_000);
  const second = await material(server);
  expect(second.ca).toBe(first.ca);
  expect(new X509Certificate(second.cert).validToDate > new X509Certificate(first.cert).validToDate).toBe(true);
  expect(new X509Certificate(second.cert).verify(new X509Certificate(second.ca).publicKey)).toBe(true);
});

test("a damaged key is replaced", async () => {
  const { client } = await ensureCertificates(folder, "envoy-gateway");
  await writeFile(client.keyFile, "nothing of use");
  await ensureCertificates(folder, "envoy-gateway");
  const { cert, key } = await material(client);
  expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  expect(cert).toMatch(/^-----BEGIN CERTIFICATE-----/);
});
