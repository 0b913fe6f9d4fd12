// The schemas that ours must agree with: CRDs of the Go modules of Envoy Gateway and Gateway API, fetched with Go. And ours, under the same plurals.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { BackendTLSPolicySchema } from "../../api/gateway/backendtlspolicy.ts";
import { GatewaySchema } from "../../api/gateway/gateway.ts";
import { GatewayClassSchema } from "../../api/gateway/gatewayclass.ts";
import { GRPCRouteSchema } from "../../api/gateway/grpcroute.ts";
import { HTTPRouteSchema } from "../../api/gateway/httproute.ts";
import { ListenerSetSchema } from "../../api/gateway/listenerset.ts";
import { ReferenceGrantSchema, ReferenceGrantV1Schema } from "../../api/gateway/referencegrant.ts";
import { TCPRouteSchema, TCPRouteV1Schema } from "../../api/gateway/tcproute.ts";
import { TLSRouteSchema, TLSRouteV1Alpha3Schema, TLSRouteV1Schema } from "../../api/gateway/tlsroute.ts";
import { UDPRouteSchema, UDPRouteV1Schema } from "../../api/gateway/udproute.ts";
import { XListenerSetSchema } from "../../api/gateway/xlistenerset.ts";
import type { JsonSchema } from "../../api/schema.ts";

const envoyGatewayModule = "github.com/envoyproxy/gateway@v1.7.0";

/** A release of Gateway API: the one that we implement, and later ones of which we read what has graduated. */
export type Release = "v1.4.1" | "v1.5.1" | "v1.6.1";
export type ReleaseChannel = "standard" | "experimental";

export interface SchemaPair {
  /** "tlsroutes v1alpha3" where versions differ. */
  readonly plural: string;
  readonly upstream: JsonSchema;
  readonly ours: JsonSchema;
}

/** Upstream's schema and ours of each kind; downloads the modules unless Go has them. Needs `go` on PATH. */
export function schemaPairs(): readonly SchemaPair[] {
  const generated = join(moduleFolder(envoyGatewayModule), "charts", "gateway-crds-helm", "templates", "generated");
  const own = ["backends", "backendtrafficpolicies", "clienttrafficpolicies", "envoyproxies", "httproutefilters"].map(
    (plural) => {
      const file = `gateway.envoyproxy.io_${plural}.yaml`;
      const committed = join(import.meta.dirname, "..", "..", "manifests", "crds", file);
      return { plural, upstream: schemaIn(join(generated, file)), ours: schemaIn(committed) };
    },
  );
  const gatewayKinds: Readonly<Record<string, object>> = {
    backendtlspolicies: BackendTLSPolicySchema,
    gatewayclasses: GatewayClassSchema,
    gateways: GatewaySchema,
    grpcroutes: GRPCRouteSchema,
    httproutes: HTTPRouteSchema,
    referencegrants: ReferenceGrantSchema,
    listenersets: ListenerSetSchema,
    "referencegrants v1": ReferenceGrantV1Schema,
    tcproutes: TCPRouteSchema,
    "tcproutes v1": TCPRouteV1Schema,
    "tlsroutes v1": TLSRouteV1Schema,
    "tlsroutes v1alpha2": TLSRouteSchema,
    "tlsroutes v1alpha3": TLSRouteV1Alpha3Schema,
    udproutes: UDPRouteSchema,
    "udproutes v1": UDPRouteV1Schema,
    xlistenersets: XListenerSetSchema,
  };
  const others = Object.entries(gatewayKinds).map(([plural, schema]) => {
    const [name, version] = plural.split(" ");
    const group = name === "xlistenersets" ? "gateway.networking.x-k8s.io" : "gateway.networking.k8s.io";
    const release = name === "listenersets" || version === "v1" ? "v1.6.1" : "v1.4.1";
    const file = join(crdFolder(release, "experimental"), `${group}_${name}.yaml`);
    return { plural, upstream: schemaIn(file, version), ours: JSON.parse(JSON.stringify(schema)) as JsonSchema };
  });
  return [...own, ...others];
}

/** The CRDs of a cluster that we serve: Gateway API's, and our own. */
export function crds(release: Release = "v1.4.1", channel: ReleaseChannel = "experimental"): readonly object[] {
  return [...crdsIn(crdFolder(release, channel)), ...crdsIn(join(import.meta.dirname, "..", "..", "manifests", "crds"))];
}

function crdsIn(folder: string): readonly object[] {
  return readdirSync(folder)
    .filter((file) => /^gateway\.[^_]*_[a-z]+\.yaml$/.test(file))
    .map((file) => parse(readFileSync(join(folder, file), "utf8")) as object);
}

function crdFolder(release: Release, channel: ReleaseChannel): string {
  return join(moduleFolder(`sigs.k8s.io/gateway-api@${release}`), "config", "crd", channel);
}

const folders = new Map<string, string>();

/** The folder of a module in Go's module cache. */
function moduleFolder(name: string): string {
  const folder = folders.get(name) ?? downloaded(name);
  folders.set(name, folder);
  return folder;
}

function downloaded(name: string): string {
  const scratch = mkdtempSync(join(tmpdir(), "upstream-crds-"));
  try {
    writeFileSync(join(scratch, "go.mod"), "module scratch\n\ngo 1.25\n");
    const output = execFileSync("go", ["mod", "download", "-json", name], {
      cwd: scratch,
      encoding: "utf8",
      env: { ...process.env, GOFLAGS: "-mod=mod" },
    });
    return (JSON.parse(output) as { readonly Dir: string }).Dir;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** The schema of one version of a CRD, the first unless named. The files of the chart carry lines of templates. */
function schemaIn(path: string, version?: string): JsonSchema {
  const text = readFileSync(path, "utf8").replace(/^\{\{.*$/gm, "");
  const crd = parse(text) as { spec: { versions: readonly { name: string; schema: { openAPIV3Schema: JsonSchema } }[] } };
  const found = crd.spec.versions.find(({ name }) => version === undefined || name === version);
  if (found === undefined) throw new Error(`${path} has no version ${version}`);
  return found.schema.openAPIV3Schema;
}
