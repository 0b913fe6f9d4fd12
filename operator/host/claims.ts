// Which object stands for a name when files change: the first file wins, an invalid edit keeps the last good object, generations rise with
// the spec, namespaces exist because something lives in them. Pure bookkeeping; reads no file.

import { isDeepStrictEqual } from "node:util";
import type { ObjectKey } from "../../store/key.ts";
import type { Parsed, ParsedObject, Problem, RawObject } from "./yaml.ts";

export type ObjectChange =
  | { readonly type: "applied"; readonly kind: string; readonly object: RawObject }
  | { readonly type: "deleted"; readonly kind: string; readonly key: ObjectKey };

export interface Claims {
  /** What follows from this file's new contents. `undefined`: the file is gone. */
  update(file: string, parsed: Pick<Parsed, "objects" | "problems" | "blind"> | undefined): readonly ObjectChange[];
  /** Whether this content would take objects away that the file had. */
  removes(file: string, parsed: Pick<Parsed, "objects" | "problems" | "blind"> | undefined): boolean;
  problems(): readonly Problem[];
}

interface Winner {
  readonly parsed: ParsedObject;
  readonly object: RawObject;
}

/**
 * `born` dates objects that appear later than the first look (RFC 3339): between two that claim one port, the API lets the older win, so
 * that a new file takes nothing away from what is served. What was there from the start has no date and is older than all others.
 */
export function createClaims(born: () => string | undefined = () => undefined): Claims {
  const files = new Map<string, { readonly objects: readonly ParsedObject[]; readonly problems: readonly Problem[] }>();
  const byId = new Map<string, readonly ParsedObject[]>();
  const winners = new Map<string, Winner>();
  /** How many objects live in a namespace, and the Namespace we made for them. */
  const residents = new Map<string, number>();

  const bornNow = (): Pick<RawObject, "metadata"> => {
    const creationTimestamp = born();
    return { metadata: { name: "", ...(creationTimestamp !== undefined && { creationTimestamp }) } };
  };

  /** New objects, and the old ones that a broken edit hides. */
  function keepGood(file: string, parsed: Pick<Parsed, "objects" | "problems" | "blind">): readonly ParsedObject[] {
    const fresh = new Set(parsed.objects.map((object) => object.id));
    const broken = new Set(parsed.problems.map((problem) => `${problem.kind} ${problem.key}`));
    const kept = (files.get(file)?.objects ?? []).filter(({ id }) => !fresh.has(id) && (parsed.blind || broken.has(id)));
    return [...parsed.objects, ...kept];
  }

  function settle(id: string): readonly ObjectChange[] {
    const claimants = byId.get(id) ?? [];
    const old = winners.get(id);
    const first = claimants[0];
    if (first === undefined) {
      winners.delete(id);
      if (old === undefined) return [];
      return [{ type: "deleted", kind: old.parsed.kind, key: old.parsed.key }, ...count(old.parsed, -1)];
    }
    if (old?.parsed === first || (old !== undefined && isDeepStrictEqual(old.parsed.object, first.object))) {
      winners.set(id, { parsed: first, object: old.object });
      return [];
    }
    const object = dated(withGeneration(first.object, old?.object), old?.object ?? bornNow());
    winners.set(id, { parsed: first, object });
    const counted = old === undefined ? count(first, 1) : [];
    return [...counted, { type: "applied", kind: first.kind, object }];
  }

  /** Keeps the implicit Namespace of an object's namespace in step with its residents. */
  function count({ kind, key }: ParsedObject, step: 1 | -1): readonly ObjectChange[] {
    const namespace = kind === "Namespace" ? key.slice(1) : key.slice(0, key.indexOf("/"));
    if (namespace === "") return [];
    const before = residents.get(namespace) ?? 0;
    if (kind !== "Namespace") residents.set(namespace, before + step);
    if (winners.has(`Namespace /${namespace}`)) return [];
    const after = residents.get(namespace) ?? 0;
    const vanished = kind === "Namespace" && step === -1;
    if (after > 0 && (before === 0 || vanished))
      return [{ type: "applied", kind: "Namespace", object: implicitNamespace(namespace) }];
    if (after === 0 && before > 0) return [{ type: "deleted", kind: "Namespace", key: `/${namespace}` }];
    return [];
  }

  return {
    removes(file, parsed) {
      const old = files.get(file)?.objects ?? [];
      if (parsed === undefined) return old.length > 0;
      const now = new Set(keepGood(file, parsed).map(({ id }) => id));
      return old.some(({ id }) => !now.has(id));
    },
    update(file, parsed) {
      const before = files.get(file)?.objects ?? [];
      const after = parsed === undefined ? [] : keepGood(file, parsed);
      if (parsed === undefined) files.delete(file);
      else files.set(file, { objects: after, problems: parsed.problems });
      const touched = new Set([...before, ...after].map(({ id }) => id));
      const mine = Map.groupBy(after, ({ id }) => id);
      for (const id of touched) {
        const others = (byId.get(id) ?? []).filter((claim) => claim.file !== file);
        const claims = [...others, ...(mine.get(id) ?? [])].toSorted(byPlace);
        if (claims.length > 0) byId.set(id, claims);
        else byId.delete(id);
      }
      return [...touched].flatMap(settle);
    },
    problems() {
      const duplicates = [...byId.values()].filter((claims) => claims.length > 1).flatMap(duplicatesOf);
      return [...[...files.values()].flatMap((file) => file.problems), ...duplicates].toSorted(byPlace);
    },
  };
}

function byPlace(a: { file: string; line: number }, b: { file: string; line: number }): number {
  return a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line;
}

function duplicatesOf([first, ...rest]: readonly ParsedObject[]): readonly Problem[] {
  return rest.map(({ file, line, column, kind, key }) => {
    const message = `${kind} ${key} is given before at ${first!.file}:${first!.line}; this one is not used`;
    return { file, line, column, kind, key, message };
  });
}

/**
 * As an API server counts: the generation rises when anything but metadata and status changes. A file may say where it begins or is, as one
 * that was written from a cluster does; with another uid it is another object of that name.
 */
function withGeneration(object: RawObject, known: RawObject | undefined): RawObject {
  const old = known?.metadata.uid === object.metadata.uid ? known : undefined;
  const metadata = object.kind === "Namespace" ? withNameLabel(object.metadata) : object.metadata;
  if (!("spec" in object)) return { ...object, metadata };
  const given = object.metadata.generation;
  const was = old?.metadata.generation;
  const same = old !== undefined && isDeepStrictEqual(old["spec"], object["spec"]);
  const generation = was === undefined ? (given ?? 1) : same ? Math.max(was, given ?? 0) : Math.max(was + 1, given ?? 0);
  return { ...object, metadata: { ...metadata, generation } };
}

function dated(object: RawObject, from: Pick<RawObject, "metadata">): RawObject {
  const creationTimestamp = object.metadata.creationTimestamp ?? from.metadata.creationTimestamp;
  return creationTimestamp === undefined ? object : { ...object, metadata: { ...object.metadata, creationTimestamp } };
}

function withNameLabel(metadata: RawObject["metadata"]): RawObject["metadata"] {
  return { ...metadata, labels: { ...metadata.labels, "kubernetes.io/metadata.name": metadata.name } };
}

function implicitNamespace(name: string): RawObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: withNameLabel({ name }) };
}
