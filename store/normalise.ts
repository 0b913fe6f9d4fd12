// What counts as a change, decided once at the door: fields that nobody translates are dropped before objects are compared.

interface AnyObject {
  readonly metadata: object;
  readonly status?: unknown;
}

/** Metadata that translation reads. resourceVersion moves with every status write of ours and so is not among them. */
const keptMetadata = [
  "name",
  "namespace",
  "labels",
  "annotations",
  "uid",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
];

/** The object without status and without bookkeeping metadata. Status is kept beside the object, untracked. */
export function normalise<Value extends AnyObject>(object: Value): Value {
  const metadata = object.metadata as Readonly<Record<string, unknown>>;
  const kept = Object.fromEntries(
    keptMetadata.filter((name) => metadata[name] !== undefined).map((name) => [name, metadata[name]]),
  );
  const { status: _, ...rest } = object;
  return { ...rest, metadata: kept } as unknown as Value;
}
