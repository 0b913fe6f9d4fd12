// What is said of bad input in a cluster: one document with a mistake beside a world in which all is well. Whatever the mistake, this holds
// and is checked for each: every condition is of this generation, parents stand in the order of spec.parentRefs and each has ResolvedRefs,
// and the rest of the world has the statuses and the resources that it has alone, save for routes counted at listeners.

import { isDeepStrictEqual } from "node:util";
import { makeCertificate } from "../../reconcilers/testing/certificates.ts";
import { operatorConfig, resolveOperatorOptions } from "../config.ts";
import { type ReadObjects, readObjects, translateOffline, type Translation } from "../offline.ts";
import { world } from "./world.ts";

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly observedGeneration?: number;
}
interface Listener {
  readonly name: string;
  readonly attachedRoutes: number;
  readonly supportedKinds: readonly { readonly kind: string }[];
  readonly conditions: readonly Condition[];
}
interface Status {
  readonly conditions?: readonly Condition[];
  readonly listeners?: readonly Listener[];
  readonly parents?: readonly { readonly parentRef: Reference; readonly conditions: readonly Condition[] }[];
  readonly ancestors?: readonly { readonly ancestorRef: Reference; readonly conditions: readonly Condition[] }[];
  readonly addresses?: readonly unknown[];
  readonly attachedListenerSets?: number;
}
interface Reference {
  readonly kind?: string;
  readonly name: string;
  readonly sectionName?: string;
  readonly port?: number;
}
type Resource = Translation["resources"][number];

const generation = 7;
const { certificate, key } = makeCertificate({ names: ["secure.test", "*.secure.test"] });
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const pem: Readonly<Record<string, string>> = {
  CERTIFICATE: base64(certificate),
  KEY: base64(key),
  PEM: JSON.stringify(certificate),
};
const options = resolveOperatorOptions({
  namespace: "envoy-gateway-system",
  gateway: { extensionApis: { enableBackend: true, enableEnvoyPatchPolicy: false, disableLua: false } },
});
const config = operatorConfig(options, "the authorities\n");

function read(file: string, text: string): ReadObjects {
  const whole = text.replace(/\$(CERTIFICATE|KEY|PEM)\b/g, (_, name: string) => pem[name] ?? "");
  return readObjects([{ file, text: whole }], true);
}

/** The world with more objects in it, younger unless they say otherwise, all of one generation. */
function translated({ objects, implied }: ReadObjects): Translation {
  const all = [...good.objects, ...objects].map((object) => ({
    ...object,
    metadata: { creationTimestamp: "2026-03-01T00:00:00Z", ...object.metadata, generation },
  }));
  return translateOffline(
    { objects: all, implied: [...good.implied, ...implied], problems: [] },
    config,
    "2026-06-01T00:00:00.000Z",
  );
}

const good = read("world.yaml", world);
const alone = translated({ objects: [], implied: [], problems: [] });
const known = new Map(alone.resources.map((object) => [idOf(object), object]));

/** What is said of the documents: what an API server would refuse, their conditions, and where their routes are counted. */
function said(bad: string): readonly string[] {
  const mistake = read("bad.yaml", bad);
  const translation = translated(mistake);
  const problems = mistake.problems.map(({ message }) => `refused: ${message}`);
  const mine = translation.resources.filter((object) => !known.has(idOf(object)) && object.metadata.name !== "free");
  expect(unaffected(translation)).toEqual([]);
  return [...problems, ...mine.flatMap(linesOf), ...counted(translation), ...answers(translation)];
}

/** Tests of a table: what is wrong, the documents, and what is said of them. */
export function reasons(cases: readonly (readonly [name: string, bad: string, ...want: readonly string[]])[]): void {
  for (const [name, bad, ...want] of cases) test(name, () => expect(said(bad)).toEqual(want));
}

function idOf({ kind, metadata: { namespace, name } }: Resource): string {
  return [kind, namespace === "default" || namespace === undefined ? name : `${namespace}/${name}`].join(" ");
}

// ── What is said ──────────────────────────────────────────────────────────────

function linesOf(object: Resource): readonly string[] {
  const { conditions, listeners, parents, ancestors } = (object.status ?? {}) as Status;
  checkOrder(object, parents ?? []);
  const said = [
    ...(conditions === undefined ? [] : [spelled(conditions)]),
    ...(listeners ?? []).map(
      (each) => `${each.name} [${each.supportedKinds.map(({ kind }) => kind).join()}] ${spelled(each.conditions)}`,
    ),
    ...(parents ?? []).map((each) => `${shown(each.parentRef)} ${spelled(each.conditions)}`),
    ...(ancestors ?? []).map((each) => `${shown(each.ancestorRef)} ${spelled(each.conditions)}`),
  ];
  const silent = ["Secret", "Service", "ConfigMap", "ReferenceGrant", "Namespace", "EnvoyProxy", "EndpointSlice"];
  if (said.length === 0 && !silent.includes(object.kind)) return [`${idOf(object)}: nothing`];
  return said.map((line) => `${idOf(object)}: ${line}`);
}

function checkOrder({ spec }: Resource, parents: NonNullable<Status["parents"]>): void {
  const refs = (spec as { readonly parentRefs?: readonly unknown[] } | undefined)?.parentRefs ?? [];
  const positions = parents.map(({ parentRef }) => refs.findIndex((ref) => isDeepStrictEqual(ref, parentRef)));
  expect(positions).not.toContain(-1);
  expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  for (const { conditions } of parents) expect(conditions.map(({ type }) => type)).toContain("ResolvedRefs");
}

/** "Accepted" for what is true with its own name as reason, else "Type=Status/Reason". */
function spelled(conditions: readonly Condition[]): string {
  expect(conditions.filter(({ observedGeneration }) => observedGeneration !== generation)).toEqual([]);
  const one = ({ type, status, reason }: Condition): string =>
    status === "True" && type === reason ? type : `${type}=${status}/${reason}`;
  return conditions.map(one).join(" ");
}

function shown({ kind, name, sectionName, port }: Reference): string {
  return [kind === "Gateway" ? name : `${kind} ${name}`, sectionName, port].filter((part) => part !== undefined).join("/");
}

/** Listeners of the world at which routes are counted that were not there. */
function counted({ resources }: Translation): readonly string[] {
  return resources.flatMap((object) => {
    const before = (known.get(idOf(object))?.status as Status | undefined)?.listeners ?? [];
    const now = ((object.status as Status | undefined)?.listeners ?? []).map(({ name, attachedRoutes }) => {
      const more = attachedRoutes - (before.find((listener) => listener.name === name)?.attachedRoutes ?? 0);
      return more === 0 ? [] : [`counted at ${object.metadata.name}/${name}${more === 1 ? "" : `: ${more}`}`];
    });
    return now.flat();
  });
}

interface EnvoyRoute {
  readonly name: string;
  readonly direct_response?: { readonly status: number };
  readonly route?: unknown;
}

/** What requests to routes called "bad" are answered, when it is not their backend that answers. */
function answers(translation: Translation): readonly string[] {
  const routes = Object.values(translation.xds).flatMap(({ routes: tables = [] }) =>
    tables.flatMap((table) =>
      (
        (table as { readonly virtual_hosts?: readonly { readonly routes?: readonly EnvoyRoute[] }[] }).virtual_hosts ?? []
      ).flatMap(({ routes: all = [] }) => all),
    ),
  );
  const direct = routes.flatMap(({ name, direct_response: response }) =>
    name.includes("/bad/") && response !== undefined ? [`answers ${response.status}`] : [],
  );
  return [...new Set(direct)];
}

// ── What must not change ──────────────────────────────────────────────────────

function unaffected(now: Translation): readonly string[] {
  const changed = [...known].filter(([id, before]) => {
    const after = now.resources.find((object) => idOf(object) === id);
    return !isDeepStrictEqual(uncounted(before.status), uncounted(after?.status));
  });
  const lost = Object.entries(alone.xds).flatMap(([proxy, sections]) =>
    Object.entries(sections).flatMap(([section, resources]) => {
      const all = now.xds[proxy]?.[section] ?? [];
      return resources
        .filter((resource) => !all.some((other) => contains(other, resource)))
        .map((resource) => `${proxy} ${section} ${nameOf(resource)}`);
    }),
  );
  return [...changed.map(([id]) => id), ...lost];
}

/** Without what counts who has come. */
function uncounted(status: unknown): unknown {
  const { listeners, conditions, attachedListenerSets: _, ...rest } = (status ?? {}) as Status;
  return {
    ...rest,
    conditions: conditions?.filter(({ type }) => type !== "AttachedListenerSets"),
    listeners: listeners?.map((each) => ({ ...each, attachedRoutes: 0 })),
  };
}

/** Is everything of `part` in `whole`? Lists may have grown. */
function contains(whole: unknown, part: unknown): boolean {
  if (Array.isArray(part)) return Array.isArray(whole) && part.every((item) => whole.some((other) => contains(other, item)));
  if (typeof part !== "object" || part === null) return whole === part;
  if (typeof whole !== "object" || whole === null) return false;
  return Object.entries(part).every(([name, value]) => contains((whole as Readonly<Record<string, unknown>>)[name], value));
}

function nameOf(resource: unknown): string {
  const { name, cluster_name: cluster } = resource as { readonly name?: string; readonly cluster_name?: string };
  return name ?? cluster ?? "";
}
