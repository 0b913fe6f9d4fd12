// What a set of files means, without a process: read, check, translate once. For the commands that answer and end. Pure: no
// file, no network, no clock. Proxies are taken to be running and to have acknowledged everything, on the loopback address.

import type { Config } from "../api/config.ts";
import { proxies } from "../reconcilers/gateway/proxies.ts";
import { reconcilers } from "../reconcilers/index.ts";
import { proxy } from "../reconcilers/proxy.ts";
import type { OwnedObject } from "../reconcilers/reconciler.ts";
import type { Change } from "../store/db.ts";
import type { ObjectKey } from "../store/key.ts";
import { objectKey } from "../store/key.ts";
import { createStore, type Store } from "../store/store.ts";
import { snapshotJson } from "../xds/proto-json.ts";
import type { Snapshot } from "../xds/resource.ts";
import { encode, type Refusal } from "../xds/snapshot.ts";
import { typeUrls } from "../xds/type-urls.ts";
import { schemaJudge, typesJudge } from "./admission.ts";
import { completed } from "./conditions.ts";
import { createClaims } from "./host/claims.ts";
import { parseObjects, type Problem, type RawObject } from "./host/yaml.ts";

/** Everything the input means. Private keys are not in it. */
export interface Translation {
  readonly resources: readonly (RawObject & { readonly status?: unknown })[];
  /** By proxy: "<namespace>/<gateway>", or the class's name when its Gateways are merged. */
  readonly xds: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>;
  readonly infrastructure: readonly OwnedObject[];
  /** For tests: what a real Envoy would be sent. */
  readonly snapshots: readonly Snapshot[];
}

export interface ReadObjects {
  /** Objects of the input, then the Namespaces that exist because something lives in them. */
  readonly objects: readonly RawObject[];
  readonly implied: readonly RawObject[];
  readonly problems: readonly Problem[];
}

/** Parses and checks the objects of some texts, unless told not to only for their shape; two of one name are a problem. */
export function readObjects(files: readonly { readonly file: string; readonly text: string }[], checked: boolean): ReadObjects {
  const claims = createClaims();
  const ids = new Set<string>();
  const all = new Map<string, RawObject>();
  for (const { file, text } of files) {
    const parsed = parseObjects(text, file, { judge: checked ? schemaJudge : typesJudge });
    for (const { id } of parsed.objects) ids.add(id);
    for (const change of claims.update(file, parsed)) {
      if (change.type === "deleted") all.delete(`${change.kind} ${change.key}`);
      else all.set(`${change.kind} ${objectKey(change.object.metadata.namespace, change.object.metadata.name)}`, change.object);
    }
  }
  const entries = [...all];
  return {
    objects: entries.flatMap(([id, object]) => (ids.has(id) ? [object] : [])),
    implied: entries.flatMap(([id, object]) => (ids.has(id) ? [] : [object])),
    problems: claims.problems(),
  };
}

/** The status of every object, and what its proxies would be told. `now`: RFC 3339, decides which certificates have expired. */
export function translateOffline(read: ReadObjects, config: Config, now: string): Translation {
  const store = createStore();
  const objects = [...read.objects, ...read.implied];
  store.apply([
    applied("Config", config),
    applied("Clock", { metadata: { name: "clock" }, now }),
    ...objects.map((object) => applied(object.kind, object)),
  ]);
  const names = proxies(store);
  store.apply(names.map((name) => applied("ProxyState", running(name))));
  const encoded = names.map((name) => encode(proxy(store, name)));
  store.apply(
    encoded.flatMap(({ refusals, snapshot }) =>
      refusals.map((refusal, i) => applied("Refusal", heldBack(snapshot.proxy, i, refusal))),
    ),
  );
  const snapshots = encoded.map(({ snapshot }) => snapshot);
  return {
    resources: read.objects.map((object) => withStatus(store, object)),
    xds: Object.fromEntries(snapshots.map((snapshot) => [snapshot.proxy, sections(snapshot)])),
    infrastructure: owned(store),
    snapshots,
  };
}

/** Kinds and objects met as the schemas say: parseObjects lets no other through. */
function applied(kind: string, object: unknown): Change {
  return { type: "applied", kind, object } as Change;
}

function running(name: string) {
  const addresses = [{ type: "IPAddress", value: "127.0.0.1" }];
  return { metadata: { name: name.replaceAll("/", "~") }, proxy: name, ready: 1, wanted: 1, addresses };
}

function heldBack(name: string, position: number, refusal: Refusal) {
  return { ...refusal, metadata: { namespace: name.replaceAll("/", "~"), name: String(position) }, proxy: name, by: "check" };
}

function withStatus(store: Store, object: RawObject): RawObject & { readonly status?: unknown } {
  const reconciler = reconcilers.find(({ kind }) => kind === object.kind);
  const { status: _, ...rest } = object;
  const key: ObjectKey = objectKey(object.metadata.namespace, object.metadata.name);
  const generation = object.metadata.generation ?? 1;
  const status = completed(reconciler?.status(store, key), undefined, { generation });
  return { ...(rest as RawObject), ...(status === undefined ? {} : { status }) };
}

function owned(store: Store): readonly OwnedObject[] {
  return reconcilers.flatMap((reconciler) => store.keys(reconciler.kind).flatMap((key) => reconciler.owned?.(store, key) ?? []));
}

const sectionNames = {
  listeners: typeUrls.listener,
  routes: typeUrls.routeConfiguration,
  clusters: typeUrls.cluster,
  endpoints: typeUrls.loadAssignment,
  secrets: typeUrls.secret,
} as const;

function sections(snapshot: Snapshot): Readonly<Record<string, readonly unknown[]>> {
  const byType = snapshotJson(snapshot);
  return Object.fromEntries(Object.entries(sectionNames).map(([name, typeUrl]) => [name, byType[typeUrl] ?? []]));
}
