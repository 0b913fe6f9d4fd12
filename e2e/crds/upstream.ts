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
import { ReferenceGrantSchema } from "../../api/gateway/referencegrant.ts";
import { TCPRouteSchema } from "../../api/gateway/tcproute.ts";
import { TLSRouteSchema, TLSRouteV1Alpha3Schema } from "../../api/gateway/tlsroute.ts";
import { UDPRouteSchema } from "../../api/gateway/udproute.ts";
import { XListenerSetSchema } from "../../api/gateway/xlistenerset.ts";
import type { JsonSchema } from "../../api/schema.ts";

const modules = ["github.com/envoyproxy/gateway@v1.7.0", "sigs.k8s.io/gateway-api@v1.4.1"] as const;

export interface SchemaPair {
  /** "tlsroutes v1alpha3" where versions differ. */
  readonly plural: string;
  readonly upstream: JsonSchema;
  readonly ours: JsonSchema;
}

/** Upstream's schema and ours of each kind; downloads the modules unless Go has them. Needs `go` on PATH. */
export function schemaPairs(): readonly SchemaPair[] {
  const [envoyGateway, gatewayApi] = moduleFolders();
  const generated = join(envoyGateway, "charts", "gateway-crds-helm", "templates", "generated");
  const own = ["backends", "envoyproxies", "httproutefilters"].map((plural) => {
    const file = `gateway.envoyproxy.io_${plural}.yaml`;
    const committed = join(import.meta.dirname, "..", "..", "manifests", "crds", file);
    return { plural, upstream: schemaIn(join(generated, file)), ours: schemaIn(committed) };
  });
  const gatewayKinds: Readonly<Record<string, object>> = {
    backendtlspolicies: BackendTLSPolicySchema,
    gatewayclasses: GatewayClassSchema,
    gateways: GatewaySchema,
    grpcroutes: GRPCRouteSchema,
    httproutes: HTTPRouteSchema,
    referencegrants: ReferenceGrantSchema,
    tcproutes: TCPRouteSchema,
    "tlsroutes v1alpha2": TLSRouteSchema,
    "tlsroutes v1alpha3": TLSRouteV1Alpha3Schema,
    udproutes: UDPRouteSchema,
    xlistenersets: XListenerSetSchema,
  };
  const others = Object.entries(gatewayKinds).map(([plural, schema]) => {
    const [name, version] = plural.split(" ");
    const group = name === "xlistenersets" ? "gateway.networking.x-k8s.io" : "gateway.networking.k8s.io";
    const file = join(gatewayApi, "config", "crd", "experimental", `${group}_${name}.yaml`);
    return { plural, upstream: schemaIn(file, version), ours: JSON.parse(JSON.stringify(schema)) as JsonSchema };
  });
  return [...own, ...others];
}

/** The CRDs of a cluster that we serve: Gateway API's experimental channel, and our own. */
export function crds(): readonly object[] {
  const [, gatewayApi] = moduleFolders();
  const folders = [join(gatewayApi, "config", "crd", "experimental"), join(import.meta.dirname, "..", "..", "manifests", "crds")];
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => /^gateway\..*\.yaml$/.test(file))
      .map((file) => parse(readFileSync(join(folder, file), "utf8")) as object),
  );
}

/** Folders of the two modules in Go's module cache. */
function moduleFolders(): readonly [string, string] {
  const scratch = mkdtempSync(join(tmpdir(), "upstream-crds-"));
  try {
    writeFileSync(join(scratch, "go.mod"), "module scratch\n\ngo 1.25\n");
    const output = execFileSync("go", ["mod", "download", "-json", ...modules], {
      cwd: scratch,
      encoding: "utf8",
      env: { ...process.env, GOFLAGS: "-mod=mod" },
    });
    // One JSON document after the other, in no promised order.
    const downloads = output.split(/(?<=^\})\n/m).filter((text) => text.trim() !== "");
    const folders = new Map(
      downloads.map((text) => {
        const { Path, Version, Dir } = JSON.parse(text) as { Path: string; Version: string; Dir: string };
        return [`${Path}@${Version}`, Dir];
      }),
    );
    const [first, second] = modules.map((name) => folders.get(name));
    if (first === undefined || second === undefined) throw new Error(`go mod download names other modules: ${output}`);
    return [first, second];
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
