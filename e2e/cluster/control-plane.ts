// An API server with its etcd, and nothing else of a cluster: objects are kept, validated, watched and compacted as in any cluster, but no
// controller acts on them (a namespace that is deleted stays Terminating, an owner's dependents stay).
// For tests of what talks to an API server. Everything is on loopback and in a folder of its own, so several can run at once.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../operator/testing/free-ports.ts";
import { ready, startComponent, type Component } from "./component.ts";
import { debianProgram, kubernetesProgram } from "./programs.ts";

export interface ApiServer {
  readonly url: string;
  /** Of a member of system:masters. */
  readonly token: string;
  readonly caFile: string;
  readonly kubeconfigFile: string;
  /** Data, keys, certificates, logs/. */
  readonly folder: string;
  /** Ends the API server, and etcd with it, and removes the folder. */
  readonly stop: () => Promise<void>;
  /** The API server dies at once; etcd and its data stay. */
  readonly kill: () => Promise<void>;
  /** On the same port and data, after kill() or in place of the running one; resolves when it is ready. Forgets the history of watches. */
  readonly restart: () => Promise<void>;
  /** Makes etcd forget all older revisions. A watch from one of them gets 410 once the API server's own memory of them is gone: restart(). */
  readonly compact: () => Promise<void>;
}

export interface ApiServerOptions {
  /** Default: a new folder under the system's temporary one. */
  readonly folder?: string;
  /** The address it listens at and advertises. */
  readonly address?: string;
  readonly port?: number;
  /** More or other flags, as --name=value. */
  readonly flags?: readonly string[];
}

/** Without a controller manager no namespace gets its ServiceAccount, and Pods would be refused for want of it. */
const aloneFlags = ["--disable-admission-plugins=ServiceAccount", "--endpoint-reconciler-type=none"];

export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "api-server-"));
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700);
  const address = options.address ?? "127.0.0.1";
  const [etcdPort, peerPort, freePort] = (await freePorts(3)) as [number, number, number];
  const port = options.port ?? freePort;
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const token = writeIdentity(folder);
  const programs = { etcd: debianProgram("etcd", "etcd-server"), apiServer: kubernetesProgram("kube-apiserver") };

  const etcd = startEtcd(folder, programs.etcd, { client: etcdUrl, peer: `http://127.0.0.1:${peerPort}` });
  const caFile = join(folder, "certificates/apiserver.crt");
  const args = apiServerArgs({ folder, address, port, etcdUrl, more: options.flags ?? aloneFlags });
  const url = `https://${address}:${port}`;

  async function start(): Promise<Component> {
    const component = startComponent({ folder, name: "kube-apiserver", program: programs.apiServer, args });
    await ready("the API server", [etcd, component], () => answers(`${url}/readyz`, caFile, token));
    return component;
  }

  let apiServer: Component;
  try {
    apiServer = await start();
  } catch (error) {
    await etcd.stop();
    throw error;
  }
  const kubeconfigFile = writeKubeconfig(folder, { url, caFile, token });

  return {
    url,
    token,
    caFile,
    kubeconfigFile,
    folder,
    stop: async () => {
      await apiServer.stop();
      await etcd.stop();
      rmSync(folder, { recursive: true, force: true });
    },
    kill: () => apiServer.kill(),
    restart: async () => {
      await apiServer.kill();
      apiServer = await start();
    },
    compact: () => compact(etcdUrl),
  };
}

function startEtcd(folder: string, program: string, urls: { readonly client: string; readonly peer: string }): Component {
  const args = [
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${urls.client}`,
    `--advertise-client-urls=${urls.client}`,
    `--listen-peer-urls=${urls.peer}`,
    `--initial-advertise-peer-urls=${urls.peer}`,
    `--initial-cluster=default=${urls.peer}`,
  ];
  return startComponent({ folder, name: "etcd", program, args });
}

interface ApiServerArgs {
  readonly folder: string;
  readonly address: string;
  readonly port: number;
  readonly etcdUrl: string;
  readonly more: readonly string[];
}

function apiServerArgs({ folder, address, port, etcdUrl, more }: ApiServerArgs): readonly string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    `--bind-address=${address}`,
    `--advertise-address=${address}`,
    `--secure-port=${port}`,
    // Makes itself a certificate there, which then lasts over restarts.
    `--cert-dir=${join(folder, "certificates")}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${join(folder, "service-accounts.pub")}`,
    `--service-account-signing-key-file=${join(folder, "service-accounts.key")}`,
    "--authorization-mode=Node,RBAC",
    "--allow-privileged=true",
    "--max-requests-inflight=2000",
    "--max-mutating-requests-inflight=1000",
    ...more,
  ];
}

/** The administrator's token and the key of ServiceAccounts' tokens, made once per folder. Returns the token. */
function writeIdentity(folder: string): string {
  const tokensFile = join(folder, "tokens.csv");
  if (existsSync(tokensFile)) return readFileSync(tokensFile, "utf8").split(",")[0]!;
  const token = randomBytes(24).toString("hex");
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  writeFileSync(join(folder, "service-accounts.pub"), publicKey);
  writeFileSync(join(folder, "service-accounts.key"), privateKey, { mode: 0o600 });
  writeFileSync(tokensFile, `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
  return token;
}

interface Access {
  readonly url: string;
  readonly caFile: string;
  readonly token: string;
}

/** A kubeconfig that carries all it needs. Returns its path. */
function writeKubeconfig(folder: string, { url, caFile, token }: Access): string {
  const path = join(folder, "kubeconfig");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "e2e",
    clusters: [{ name: "e2e", cluster: { server: url, "certificate-authority-data": readFileSync(caFile).toString("base64") } }],
    users: [{ name: "admin", user: { token } }],
    contexts: [{ name: "e2e", context: { cluster: "e2e", user: "admin" } }],
  };
  // JSON is YAML.
  writeFileSync(path, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
  return path;
}

/** Whether the path answers 200; false also while nobody listens, or the certificate is not there yet. */
function answers(url: string, caFile: string, token: string): Promise<boolean> {
  if (!existsSync(caFile)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const request = https.get(url, { ca: readFileSync(caFile), headers: { authorization: `Bearer ${token}` }, agent: false });
    request.setTimeout(2_000, () => request.destroy());
    request.on("response", (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("error", () => resolve(false));
    request.on("close", () => resolve(false));
  });
}

async function compact(etcdUrl: string): Promise<void> {
  const { header } = (await etcdCall(etcdUrl, "kv/range", { key: encoded("/") })) as { header: { revision: string } };
  await etcdCall(etcdUrl, "kv/compaction", { revision: header.revision, physical: true });
}

async function etcdCall(etcdUrl: string, path: string, body: object): Promise<unknown> {
  const response = await fetch(`${etcdUrl}/v3/${path}`, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`etcd ${path}: ${response.status} ${await response.text()}`);
  return await response.json();
}

function encoded(key: string): string {
  return Buffer.from(key).toString("base64");
}
