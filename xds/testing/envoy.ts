// A real Envoy for tests of the xDS server, and the few resources it needs, written by hand. Not part of the product.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { Agent, createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromJson, toBinary, type DescMessage, type JsonValue } from "@bufbuild/protobuf";
import { config_cluster_v3, config_endpoint_v3, config_listener_v3, config_route_v3, registry } from "#envoy";
import { envoyPath } from "../../operator/host/envoy-binary.ts";
import { readinessListener } from "../bootstrap.ts";
import type { Resource } from "../resource.ts";
import { resource } from "./snapshots.ts";

const ads = { ads: {}, resource_api_version: "V3" };
const socket = (port: number, address = "127.0.0.1") => ({ socket_address: { address, port_value: port } });
const assignment = (name: string, ports: readonly number[]) => ({
  cluster_name: name,
  endpoints: [{ lb_endpoints: ports.map((port) => ({ endpoint: { address: socket(port) } })) }],
});

const encoded = (name: string, schema: DescMessage, json: JsonValue, extra?: Pick<Resource, "warms" | "needs">): Resource =>
  resource(name, toBinary(schema, fromJson(schema, json, { registry })), extra);

export const clusterOf = (
  name: string,
  more: Readonly<Record<string, JsonValue>> = {},
  extra?: { readonly warms: true },
): Resource =>
  encoded(
    name,
    config_cluster_v3.ClusterSchema,
    { name, type: "EDS", connect_timeout: "1s", eds_cluster_config: { eds_config: ads }, ...more },
    extra,
  );

export const assignmentOf = (name: string, ports: readonly number[]): Resource =>
  encoded(name, config_endpoint_v3.ClusterLoadAssignmentSchema, assignment(name, ports));

/** Each host goes to the cluster of the same name; the resource `says` so to the server, or not. */
export const routesOf = (name: string, hosts: readonly string[], says = true): Resource =>
  encoded(
    name,
    config_route_v3.RouteConfigurationSchema,
    {
      name,
      virtual_hosts: hosts.map((host) => ({
        name: host,
        domains: [host],
        routes: [{ match: { prefix: "/" }, route: { cluster: host } }],
      })),
    },
    says ? { needs: new Set(hosts) } : {},
  );

/** An HTTP listener on any free port of 127.0.0.1, or on `address`, with its routes by RDS. */
export const listenerOf = (name: string, routes: string, address?: string): Resource =>
  encoded(name, config_listener_v3.ListenerSchema, {
    name,
    address: socket(0, address),
    filter_chains: [
      {
        filters: [
          {
            name: "hcm",
            typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
              stat_prefix: name,
              rds: { route_config_name: routes, config_source: ads },
              http_filters: [
                {
                  name: "router",
                  typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
                },
              ],
            },
          },
        ],
      },
    ],
  });

const plain = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value)) as JsonValue;

interface EnvoyOptions {
  /** With the product's own readiness listener, which scoped routes need. */
  readonly anchored?: boolean;
}

function bootstrap(xdsPort: number, { anchored = false }: EnvoyOptions): JsonValue {
  const http2 = {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
      "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
      explicit_http_config: { http2_protocol_options: {} },
    },
  };
  return {
    node: { id: "envoy-1", cluster: "default/test" },
    admin: { address: socket(0) },
    dynamic_resources: {
      ads_config: {
        api_type: "DELTA_GRPC",
        transport_api_version: "V3",
        grpc_services: [{ envoy_grpc: { cluster_name: "xds" } }],
      },
      cds_config: ads,
      lds_config: ads,
    },
    static_resources: {
      listeners: anchored ? [plain(readinessListener({ host: "127.0.0.1", port: 0 }))] : [],
      clusters: [
        {
          name: "xds",
          type: "STATIC",
          connect_timeout: "1s",
          typed_extension_protocol_options: http2,
          load_assignment: assignment("xds", [xdsPort]),
        },
      ],
    },
    layered_runtime: { layers: [{ name: "static", static_layer: { "envoy.reloadable_features.unified_mux": true } }] },
  };
}

export interface RunningEnvoy {
  readonly log: () => string;
  /** What its admin interface answers. */
  admin(path: string): Promise<string>;
  /** The port of a listener, once it listens. */
  portOf(listener: string): Promise<number>;
  stop(): Promise<void>;
}

export async function startEnvoy(xdsPort: number, options: EnvoyOptions = {}): Promise<RunningEnvoy> {
  const folder = await mkdtemp(join(tmpdir(), "xds-test-"));
  const [config, adminFile] = [join(folder, "bootstrap.json"), join(folder, "admin")];
  await writeFile(config, JSON.stringify(bootstrap(xdsPort, options)));
  const args = ["-c", config, "--admin-address-path", adminFile, "--disable-hot-restart", "--concurrency", "2", "-l", "warning"];
  const child = spawn(await envoyPath(), args, { stdio: ["ignore", "ignore", "pipe"] });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const admin = async (path: string): Promise<string> => {
    const address = await until(() => readFile(adminFile, "utf8").catch(() => undefined), "Envoy writes its admin address");
    return (await fetch(`http://${address}${path}`)).text();
  };
  return {
    log: () => log,
    admin,
    portOf: (listener) =>
      until(async () => {
        const { listener_statuses: all = [] } = JSON.parse(await admin("/listeners?format=json")) as ListenerDump;
        return all.find(({ name }) => name === listener)?.local_address.socket_address.port_value;
      }, `listener ${listener} listens`),
    async stop() {
      child.kill("SIGKILL");
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}

interface ListenerDump {
  readonly listener_statuses?: readonly {
    readonly name: string;
    readonly local_address: { readonly socket_address: { readonly port_value: number } };
  }[];
}

/** Asks again until there is an answer; fails with what it was waiting for. */
export async function until<Value>(
  ask: () => Promise<Value | undefined> | Value | undefined,
  what: string,
  ms = 20_000,
): Promise<Value> {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false && answer !== "") return answer;
    if (Date.now() > end) throw new Error(`gave up waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** An HTTP backend that answers 200. */
export async function startBackend(): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const server = createServer((_, response) => response.end("ok"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the backend has no port");
  return {
    port: address.port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** One client connection that is kept: the status of a request, or the error's code. */
export function createClient(port: number): { get(host: string): Promise<number | string>; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    get: (host) =>
      new Promise((resolve) => {
        const sent = request({ port, host: "127.0.0.1", headers: { host }, agent }, (response) => {
          response.resume();
          response.on("end", () => resolve(response.statusCode ?? 0));
        });
        sent.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
        sent.end();
      }),
    close: () => agent.destroy(),
  };
}
