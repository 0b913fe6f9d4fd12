// An xDS server with the identity of a cluster, for tests with real tokens: a real API server behind it, a store with Gateways, and proxies that
// show what the test gives them.

import { createPrivateKey, sign } from "node:crypto";
import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { systemClock } from "../../operator/clock.ts";
import { envoyPath } from "../../operator/host/envoy-binary.ts";
import { startGuarded } from "../../operator/host/guard.ts";
import { createAuthority, type Lives } from "../../operator/kubernetes/authority.ts";
import { createKubernetesClient } from "../../operator/kubernetes/client.ts";
import { createProxyIdentity } from "../../operator/kubernetes/proxy-identity.ts";
import { createTokenReview } from "../../operator/kubernetes/token-review.ts";
import { tokenFile, tokenFiles } from "../../reconcilers/gateway/proxy-bootstrap.ts";
import { gatewayWith } from "../../reconcilers/testing/gateways.ts";
import { world } from "../../reconcilers/testing/world.ts";
import { bootstrap } from "../../xds/bootstrap.ts";
import type { Snapshot } from "../../xds/resource.ts";
import { createXdsServer, type ServerTls, type XdsServer } from "../../xds/server.ts";
import { assignmentOf, clusterOf, until } from "../../xds/testing/envoy.ts";
import { connectClient } from "../../xds/testing/grpc-client.ts";
import { snapshotOf } from "../../xds/testing/snapshots.ts";
import { typeUrls } from "../../xds/type-urls.ts";
import { startApiServer } from "../cluster/control-plane.ts";

const audience = "envoy-gateway";
const namespace = "default";

interface Pod {
  readonly name: string;
  readonly uid: string;
}

export type World = Awaited<ReturnType<typeof startWorld>>;

export async function startWorld() {
  const server = await startApiServer();
  const client = createKubernetesClient({ kubeconfig: server.kubeconfigFile });
  const store = world(gatewayWith("eg", [{ name: "http" }]), gatewayWith("other", [{ name: "http" }]));
  const endings: (() => unknown)[] = [];

  async function token(account: string, wish: { readonly audiences?: readonly string[]; readonly pod?: Pod } = {}) {
    const { audiences = [audience], pod } = wish;
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
    const boundObjectRef = pod && { apiVersion: "v1", kind: "Pod", name: pod.name, uid: pod.uid };
    const spec = { audiences, expirationSeconds: 600, ...(boundObjectRef && { boundObjectRef }) };
    const answer = await client.call({ method: "POST", path, body: { spec } });
    return (answer as { status: { token: string } }).status.token;
  }

  return {
    server,
    client,
    store,
    /** Runs with the others when the test is over, last added first. */
    after: (ending: () => unknown) => void endings.push(ending),
    async undo() {
      for (const ending of endings.splice(0).toReversed()) await ending();
    },
    async close() {
      client.close();
      await server.stop();
    },
    async account(name: string) {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
      await client.call({ method: "POST", path, body: { metadata: { name } } });
    },
    /** A pod that runs as this account, as far as the API server knows. */
    async pod(name: string, account: string): Promise<Pod> {
      const spec = { serviceAccountName: account, containers: [{ name: "envoy", image: "envoy" }] };
      const path = `/api/v1/namespaces/${namespace}/pods`;
      const made = await client.call({ method: "POST", path, body: { metadata: { name }, spec } });
      return { name, uid: (made as { metadata: { uid: string } }).metadata.uid };
    },
    token,
    /** The same token, signed by the same key, an hour older. */
    expired(of: string): string {
      const [head = "", body = ""] = of.split(".");
      const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as { exp: number; iat: number; nbf: number };
      const old = { ...claims, exp: claims.exp - 3600, iat: claims.iat - 3600, nbf: claims.nbf - 3600 };
      const signed = `${head}.${Buffer.from(JSON.stringify(old)).toString("base64url")}`;
      const key = createPrivateKey(readFileSync(join(server.folder, "service-accounts.key")));
      return `${signed}.${sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
    },
  };
}

const snapshots: readonly Snapshot[] = ["default/eg", "default/other"].map((proxy) => ({
  ...snapshotOf(
    new Map([
      [typeUrls.cluster, [clusterOf(`of ${proxy}`)]],
      [typeUrls.loadAssignment, [assignmentOf(`of ${proxy}`, [])]],
    ]),
  ),
  proxy,
}));

/** The xDS server of one replica. What its authority says goes to `onBundle` and to the server. */
export async function startReplica(
  { client, store, after }: World,
  options: {
    readonly lives?: Partial<Lives>;
    readonly secretNamespace?: string;
    readonly onBundle?: (bundle: string) => void;
  } = {},
) {
  const refusals: string[] = [];
  const bundles: string[] = [];
  let xds: XdsServer | undefined;
  const authority = await createAuthority({
    client,
    namespace: options.secretNamespace ?? namespace,
    serverNames: ["envoy-gateway", "localhost"],
    clock: systemClock,
    log: () => {},
    onRenewed: (renewed) => ((tls = renewed), xds?.renew(renewed)),
    onBundle: (bundle) => (bundles.push(bundle), options.onBundle?.(bundle)),
    ...(options.lives && { lives: options.lives }),
  });
  let tls: ServerTls = authority.tls;
  bundles.push(authority.caBundle);
  after(() => authority.stop());
  const review = createTokenReview({ client, audience, clock: systemClock });
  const identity = createProxyIdentity({ review, db: () => store, synced: Promise.resolve(), clock: systemClock });
  async function listen(port = 0): Promise<number> {
    xds = createXdsServer({
      host: "127.0.0.1",
      port,
      tls,
      clock: systemClock,
      authenticate: identity,
      log: (_, { reason }) => refusals.push(String(reason)),
    });
    const bound = await xds.listen();
    for (const snapshot of snapshots) xds.publish(snapshot);
    return bound.port;
  }
  const port = await listen();
  after(() => xds?.close());
  return {
    port,
    refusals,
    bundles,
    bundle: () => bundles.at(-1)!,
    streams: () => xds!.streams(),
    certificate: () => tls.cert,
    /** Every connection ends, and whoever comes again meets the certificate of now. */
    async restart() {
      await xds?.close();
      await until(() => listen(port).catch(() => undefined), "the port is free");
    },
    /** A client that claims to be of the proxy; what it was told, or with which words it was turned away. */
    async asks(proxy: string, token: string | undefined, id = "any") {
      const headers: Readonly<Record<string, string>> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const one = connectClient(port, credentials.createSsl(Buffer.from(bundles.at(-1)!)), headers);
      try {
        one.send({ node: { id, cluster: proxy }, typeUrl: typeUrls.cluster });
        await until(() => one.received.length > 0 || one.ended() !== undefined, "there is an answer");
        return one.ended() === undefined ? one.received.flatMap(({ names }) => names) : { code: one.code(), why: one.ended() };
      } finally {
        one.close();
      }
    },
  };
}

/** A folder whose files are replaced as kubelet does it: all at once, by turning a link. */
function mounted(folder: string) {
  let version = 0;
  return (files: Readonly<Record<string, string>>): void => {
    const [before, now] = [`..${version}`, `..${++version}`];
    mkdirSync(join(folder, now), { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, now, name), text);
      if (version === 1) symlinkSync(join("..data", name), join(folder, name));
    }
    symlinkSync(now, join(folder, "..data_tmp"));
    renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
    rmSync(join(folder, before), { recursive: true, force: true });
  };
}

/** A real Envoy of default/eg as its pod starts it. */
export async function startProxy({ after }: World, port: number, start: { readonly token: string; readonly bundle: string }) {
  const folder = mkdtempSync(join(tmpdir(), "proxy-"));
  const [token, sds] = [mounted(join(folder, "token")), mounted(join(folder, "sds"))];
  const giveToken = (text: string): void => token({ [tokenFile.name]: text });
  const giveBundle = (bundle: string): void => {
    const here = (text: string): string =>
      text.replaceAll(tokenFile.folder, join(folder, "token")).replaceAll('"/sds', `"${folder}/sds`);
    const files = Object.entries(tokenFiles(bundle)).map(([name, text]) => [name, name === "ca.crt" ? text : here(text)]);
    sds(Object.fromEntries(files) as Readonly<Record<string, string>>);
  };
  giveToken(start.token);
  giveBundle(start.bundle);
  const admin = join(folder, "admin");
  const config = bootstrap({
    node: { id: "eg-1", cluster: "default/eg" },
    admin: { host: "127.0.0.1", port: 0 },
    readiness: { host: "127.0.0.1", port: 0 },
    stats: { type: "all" },
    xds: {
      host: "127.0.0.1",
      port,
      serverName: "envoy-gateway",
      credentials: {
        type: "token",
        token: { name: "xds_token", path: join(folder, "sds/xds-token.json") },
        trust: { name: "xds_trusted_ca", path: join(folder, "sds/xds-trusted-ca.json") },
      },
    },
  });
  const args = ["--config-yaml", JSON.stringify(config), "--admin-address-path", admin, "--use-dynamic-base-id", "-l", "error"];
  const envoy = startGuarded(await envoyPath(), args);
  envoy.stdout.resume();
  envoy.stderr.resume();
  after(async () => {
    envoy.stop();
    await envoy.exited;
    rmSync(folder, { recursive: true });
  });
  const ask = async (path: string): Promise<string> => {
    const address = await until(() => readFile(admin, "utf8").catch(() => undefined), "Envoy writes its admin address");
    return (await fetch(`http://${address}${path}`)).text();
  };
  return {
    giveToken,
    giveBundle,
    /** Names of the clusters that it was told. */
    clusters: async () => [...(await ask("/clusters")).matchAll(/^(of [^:]+)::observability_name/gm)].map(([, name]) => name),
  };
}
