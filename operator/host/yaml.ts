// Text to objects and problems, without any effect: shared by the folder of YAML and by the translate and validate commands.
// Knows no schema: what an object of a kind must look like is the judge's business.

import { createHash } from "node:crypto";
import { objectKey, type ObjectKey } from "../../store/key.ts";
import { readDocuments, type Path, type Place, type YamlDocument } from "../yaml.ts";

/** What is wrong, and where: a user reads this. */
export interface Problem extends Place {
  readonly file: string;
  readonly kind?: string;
  readonly key?: ObjectKey;
  /** The field, like "spec.rules[0].matches". */
  readonly path?: string;
  readonly message: string;
}

export interface RawObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly uid?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
  };
  readonly [field: string]: unknown;
}

export interface ParsedObject extends Place {
  readonly file: string;
  /** "<kind> <key>": what two objects must not share. */
  readonly id: string;
  readonly kind: string;
  readonly key: ObjectKey;
  /** Defaulted, with a namespace where its kind has one. */
  readonly object: RawObject;
}

export interface Judgement {
  /** Absent when the object must not be used. */
  readonly object?: unknown;
  readonly problems: readonly { readonly path: Path; readonly message: string }[];
}

/** Knows the kinds: whether one has namespaces, and whether an object is as its schema asks. */
export interface Judge {
  /** undefined: a kind that we do not read. */
  scope(apiVersion: string, kind: string): "namespaced" | "cluster" | undefined;
  judge(apiVersion: string, kind: string, value: unknown): Judgement;
  /** Why a kind without a scope is not read, and what may be meant; undefined when it is none of our business and no mistake. */
  unread(apiVersion: string, kind: string): string | undefined;
}

export interface Parsed {
  readonly objects: readonly ParsedObject[];
  readonly problems: readonly Problem[];
  /** Documents of kind EnvoyGateway: configuration, not objects. */
  readonly configs: readonly YamlDocument[];
  /** Something in the text could not even be named: objects that seem to be gone may be in there. */
  readonly blind: boolean;
  /** For the next call: unchanged documents are not parsed again. */
  readonly memory: Memory;
}

export interface Memory {
  readonly documents: readonly YamlDocument[];
  readonly results: WeakMap<YamlDocument, DocumentResult>;
}

interface DocumentResult {
  readonly objects: readonly ParsedObject[];
  readonly problems: readonly Problem[];
  readonly config: boolean;
  readonly blind: boolean;
}

/** Objects without a namespace live in this one, as kubectl has it. */
const defaultNamespace = "default";

export function parseObjects(text: string, file: string, options: { readonly judge: Judge; readonly memory?: Memory }): Parsed {
  const documents = readDocuments(text, options.memory?.documents);
  const results = options.memory?.results ?? new WeakMap<YamlDocument, DocumentResult>();
  const all = documents.map((document) => {
    const result = results.get(document) ?? readDocument(document, file, options.judge);
    results.set(document, result);
    return result;
  });
  return {
    objects: all.flatMap((result) => result.objects),
    problems: all.flatMap((result) => result.problems),
    configs: documents.filter((_, i) => all[i]!.config),
    blind: all.some((result) => result.blind),
    memory: { documents, results },
  };
}

function readDocument(document: YamlDocument, file: string, judge: Judge): DocumentResult {
  if (document.errors.length > 0) {
    const problems = document.errors.slice(0, 5).map((error) => ({ file, ...error, message: `not YAML: ${error.message}` }));
    return { objects: [], problems, config: false, blind: true };
  }
  const value = document.value;
  if (isRecord(value) && value.kind === "EnvoyGateway") return { objects: [], problems: [], config: true, blind: false };
  const items: readonly { value: unknown; at: Path }[] =
    isRecord(value) && typeof value.kind === "string" && value.kind.endsWith("List") && Array.isArray(value.items)
      ? value.items.map((item: unknown, i) => ({ value: item, at: ["items", i] }))
      : [{ value, at: [] }];
  const results = items.map((item) => readObject({ document, file, judge, ...item }));
  return {
    objects: results.flatMap((result) => result.object ?? []),
    problems: results.flatMap((result) => result.problems),
    config: false,
    blind: results.some((result) => result.blind),
  };
}

interface Item {
  readonly document: YamlDocument;
  readonly file: string;
  readonly judge: Judge;
  readonly value: unknown;
  readonly at: Path;
}

function readObject(item: Item): { object?: ParsedObject; problems: readonly Problem[]; blind: boolean } {
  const { document, file, judge, value, at } = item;
  const start = at.length === 0 ? document.start : document.place(at);
  const nameless = (path: Path, message: string) => ({
    problems: [{ file, ...document.place([...at, ...path]), ...(path.length > 0 && { path: spell(path) }), message }],
    blind: true,
  });
  if (!isRecord(value)) return nameless([], "not an object: apiVersion, kind and metadata are expected");
  if (typeof value.apiVersion !== "string") return nameless(["apiVersion"], wanted(value.apiVersion, "a string"));
  if (typeof value.kind !== "string") return nameless(["kind"], wanted(value.kind, "a string"));
  const { apiVersion, kind } = value;
  const scope = judge.scope(apiVersion, kind);
  if (scope === undefined) {
    const message = judge.unread(apiVersion, kind);
    return { problems: message === undefined ? [] : [{ file, ...start, kind, message }], blind: false };
  }
  const metadata = value.metadata;
  if (!isRecord(metadata)) return nameless(["metadata"], wanted(metadata, "an object"));
  if (typeof metadata.name !== "string") return nameless(["metadata", "name"], wanted(metadata.name, "a string"));
  const { namespace: given } = metadata;
  if (given !== undefined && typeof given !== "string") return nameless(["metadata", "namespace"], wanted(given, "a string"));
  const namespace = scope === "cluster" ? undefined : given || defaultNamespace;
  const { namespace: _, ...rest } = metadata;
  const complete = { ...value, metadata: namespace === undefined ? rest : { ...rest, namespace } };
  const key = objectKey(namespace, metadata.name);
  const { object, problems } = judge.judge(apiVersion, kind, complete);
  const placed = problems.map(({ path, message }) => ({
    file,
    ...(path.length === 0 ? start : document.place([...at, ...path])),
    kind,
    key,
    ...(path.length > 0 && { path: spell(path) }),
    message,
  }));
  if (object === undefined) return { problems: placed, blind: false };
  const parsed = { file, ...start, id: `${kind} ${key}`, kind, key, object: withUid(object as RawObject, `${kind} ${key}`) };
  return { object: parsed, problems: placed, blind: false };
}

/** What a field must be, and what it is; a number is the usual accident of YAML. */
function wanted(value: unknown, type: string): string {
  if (value === undefined || value === null) return "is required";
  const hint =
    type === "a string" && (typeof value === "number" || typeof value === "boolean") ? `; write it in quotes: "${value}"` : "";
  return `must be ${type}, not ${Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`}${hint}`;
}

/** The same object has the same uid in every run, as long as nobody gave it one. */
function withUid(object: RawObject, id: string): RawObject {
  if (object.metadata.uid !== undefined) return object;
  const hex = createHash("sha256").update(id).digest("hex");
  const uid = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
  return { ...object, metadata: { ...object.metadata, uid } };
}

/** "spec.rules[0].matches" */
export function spell(path: Path): string {
  return path.map((step, i) => (typeof step === "number" ? `[${step}]` : `${i > 0 ? "." : ""}${step}`)).join("");
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
