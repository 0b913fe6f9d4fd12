// Names of objects as strings: one spelling everywhere, cheap to compare and to use as a map key.

/** "namespace/name"; objects of cluster-scoped kinds use "/name". */
export type ObjectKey = `${string}/${string}`;

/** The key of an object with this namespace (empty or absent for cluster-scoped kinds) and name. */
export function objectKey(namespace: string | undefined, name: string): ObjectKey {
  return `${namespace ?? ""}/${name}`;
}

/** The key of an object. */
export function keyOf(object: { readonly metadata: { readonly namespace?: string; readonly name: string } }): ObjectKey {
  return objectKey(object.metadata.namespace, object.metadata.name);
}

/** The namespace part of a key; empty for cluster-scoped objects. */
export function namespaceOf(key: ObjectKey): string {
  return key.slice(0, key.indexOf("/"));
}

/** The name part of a key. */
export function nameOf(key: ObjectKey): string {
  return key.slice(key.indexOf("/") + 1);
}
