// Objects as the API server speaks of them, and what we remember of each to notice that it changed or went. Pure.

/** An object as the API server wrote it, without the bookkeeping of fields. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly namespace?: string;
    readonly name: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** All there is, `synced` once, then every change. What was replaced by an object of the same name is told as deleted and applied. */
export type ObjectEvent =
  | { readonly type: "applied"; readonly object: ApiObject }
  | { readonly type: "deleted"; readonly object: Pick<ApiObject, "apiVersion" | "kind" | "metadata"> }
  | { readonly type: "synced" };

export type Remembered = Pick<ApiObject, "apiVersion" | "kind"> & {
  readonly metadata: Pick<ApiObject["metadata"], "namespace" | "name" | "uid" | "resourceVersion" | "labels">;
};

function keyOf({ metadata }: Remembered): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

/** Just enough to tell a deletion later. */
function digest({ apiVersion, kind, metadata }: ApiObject): Remembered {
  const { namespace, name, uid, resourceVersion, labels } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(labels !== undefined && { labels }),
    },
  };
}

/**
 * From what we knew to what a list says: nothing for what is the same, deletions for what has gone meanwhile. What is read in another version
 * than before is told of once more, without a deletion.
 */
export function* differences(memory: Map<string, Remembered>, objects: readonly ApiObject[]): Generator<ObjectEvent> {
  const gone = new Map(memory);
  for (const object of objects) {
    const key = keyOf(object);
    gone.delete(key);
    const before = memory.get(key);
    if (before?.metadata.resourceVersion !== object.metadata.resourceVersion || before?.apiVersion !== object.apiVersion)
      yield* remembered(memory, { type: "applied", object });
  }
  for (const object of gone.values()) yield* remembered(memory, { type: "deleted", object });
}

export function* remembered(memory: Map<string, Remembered>, event: ObjectEvent): Generator<ObjectEvent> {
  if (event.type === "synced") return;
  const key = keyOf(event.object);
  const before = memory.get(key);
  if (event.type === "deleted") {
    if (memory.delete(key)) yield event;
    return;
  }
  if (before !== undefined && before.metadata.uid !== event.object.metadata.uid) yield { type: "deleted", object: before };
  memory.set(key, digest(event.object));
  yield event;
}
