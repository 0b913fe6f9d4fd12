// `envoy-gateway status`: asks a running standalone instance, or a cluster, for its objects and shows their conditions. Decides nothing by itself.

import { writeYaml } from "../operator/yaml.ts";
import { adminAddress } from "./admin.ts";
import { clusterObjects } from "./cluster-objects.ts";
import { conditionRows } from "./conditions.ts";
import type { StatusObject } from "./conditions.ts";
import { kindNamed } from "./kinds.ts";
import { table } from "./table.ts";

export interface StatusOptions {
  readonly namespace?: string;
  readonly output: "table" | "yaml" | "json";
  readonly stateDir?: string;
  readonly admin?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Prints to standard output; exit status 1 when there is no such object. Throws when nobody answers or the kind is unknown. */
export async function statusCommand(what: string | undefined, options: StatusOptions): Promise<void> {
  const [kindText, name] = (what ?? "").split("/");
  const kind = kindText === undefined || kindText === "" ? undefined : kindNamed(kindText);
  if (kind !== undefined && "problem" in kind) throw new Error(kind.problem);
  const all = asksCluster(options)
    ? await clusterObjects(options, { ...kind, ...(options.namespace !== undefined && { namespace: options.namespace }) })
    : await objects(options.admin ?? (await adminAddress(options.stateDir)));
  const shown = all.filter(
    (object) =>
      (kind === undefined || object.kind === kind.kind) &&
      (name === undefined || object.metadata.name === name) &&
      (options.namespace === undefined || object.metadata.namespace === options.namespace),
  );
  if (shown.length === 0) {
    process.stderr.write(
      `No ${kind?.kind ?? "object"}${name === undefined ? "" : ` "${name}"`} found${place(options.namespace)}.\n`,
    );
    if (name !== undefined) process.exitCode = 1;
    return;
  }
  process.stdout.write(printed(shown, options.output));
}

/** An instance that is named wins over KUBECONFIG; commander refuses both on one command line. */
function asksCluster({ kubeconfig, context, admin, stateDir }: StatusOptions): boolean {
  if (kubeconfig !== undefined || context !== undefined) return true;
  return admin === undefined && stateDir === undefined && Boolean(process.env["KUBECONFIG"]);
}

function place(namespace: string | undefined): string {
  return namespace === undefined ? "" : ` in namespace ${namespace}`;
}

function printed(shown: readonly StatusObject[], output: StatusOptions["output"]): string {
  switch (output) {
    case "json":
      return `${JSON.stringify(shown, undefined, 2)}\n`;
    case "yaml":
      return shown.map((object) => writeYaml(object)).join("---\n");
    case "table": {
      const rows = shown.flatMap(conditionRows);
      if (rows.length === 0) return "No conditions yet.\n";
      return table([["OBJECT", "ABOUT", "CONDITION", "STATUS", "REASON", "MESSAGE"], ...rows]);
    }
  }
}

async function objects(admin: string): Promise<readonly StatusObject[]> {
  const url = new URL("/objects", admin);
  const response = await fetch(url).catch((cause: unknown) => {
    throw new Error(`no running instance answers at ${admin}: start one with \`envoy-gateway standalone\``, { cause });
  });
  if (!response.ok) throw new Error(`${url.href} answers ${response.status}`);
  const answer: unknown = await response.json();
  const list: unknown = Array.isArray(answer)
    ? answer
    : answer instanceof Object && "objects" in answer
      ? answer.objects
      : undefined;
  if (!Array.isArray(list))
    throw new Error(`${url.href} does not answer a list of objects: is that the admin server of envoy-gateway?`);
  return list;
}
