// The two calls by which one kind is read: a list in pages, and a watch from where it was. Each once; again and again is reflector.ts's.

import type { Clock } from "../clock.ts";
import type { ApiObject, ObjectEvent } from "./api-object.ts";
import { ApiError, hasStatus, type KubernetesClient } from "./client.ts";
import { jsonLines } from "./lines.ts";
import { type ApiResource, resourcePath } from "./resources.ts";

/** What is read. */
export interface Subject {
  readonly client: Pick<KubernetesClient, "call" | "stream">;
  /** The same kind in its versions, the one we want first. */
  readonly resources: readonly ApiResource[];
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly metadataOnly?: boolean;
  /** Keeps metadata.managedFields: who has applied what. */
  readonly managedFields?: boolean;
}

const pageSize = 500;
/** A watch begins without any work. */
const beginMs = 15_000;

/** Where we are in the history of a kind. */
export interface Place {
  readonly resource: ApiResource;
  resourceVersion: string;
}

/** Everything there is. Undefined: no version of the kind is served. */
export async function list(
  subject: Subject,
  signal: AbortSignal,
): Promise<{ readonly objects: readonly ApiObject[]; readonly place: Place } | undefined> {
  for (const resource of subject.resources) {
    try {
      return await listVersion(subject, resource, signal);
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
    }
  }
  return undefined;
}

/** Whether a version that we want more is served by now. */
export async function preferredServed(
  { client, resources, namespace }: Subject,
  place: Place,
  signal: AbortSignal,
): Promise<boolean> {
  const preferred = resources.slice(0, resources.indexOf(place.resource));
  for (const resource of preferred) {
    try {
      await client.call({ path: resourcePath(resource, { namespace }), query: { limit: 1 }, timeoutMs: 60_000, signal });
      return true;
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
    }
  }
  return false;
}

interface Page {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  /** Null in a list of metadata of which there is none. */
  readonly items: readonly ApiObject[] | null;
}

async function listVersion(
  { client, namespace, labelSelector, metadataOnly, managedFields }: Subject,
  resource: ApiResource,
  signal: AbortSignal,
) {
  const objects: ApiObject[] = [];
  const { apiVersion, kind } = resource;
  let next: string | undefined;
  for (;;) {
    const page = (await client.call({
      path: resourcePath(resource, { namespace }),
      query: { limit: pageSize, continue: next, labelSelector },
      ...(metadataOnly && { accept: accept("PartialObjectMetadataList") }),
      signal,
    })) as Page;
    // Items of a list do not say of what kind they are; those of a list of metadata say something else.
    for (const item of page.items ?? []) objects.push(trimmed({ ...item, apiVersion, kind }, managedFields));
    const { resourceVersion } = page.metadata;
    next = page.metadata.continue;
    if (!next) return { objects, place: { resource, resourceVersion } };
    await new Promise(setImmediate);
  }
}

export interface WatchOptions {
  readonly clock: Clock;
  /** After how long the API server should end it. */
  readonly seconds: number;
  /** A watch that says nothing for so long, not even a bookmark, is dead. */
  readonly silenceMs: number;
  /** The API server has agreed. */
  readonly onBegun: () => void;
  /** At every sign of life. */
  readonly onHeard: () => void;
  readonly signal: AbortSignal;
}

/** A bookmark says only how far we are. */
export type WatchEvent = Exclude<ObjectEvent, { type: "synced" }> | { readonly type: "bookmark" };

/** Dead, or about a kind that nothing has happened to since the API server started: of such a one it sends no bookmarks. */
export class SilentWatch extends Error {}

/** Events until the API server ends the watch; rejects when it breaks or falls silent. Moves `place` along. */
export async function* watch(subject: Subject, place: Place, options: WatchOptions): AsyncGenerator<WatchEvent, void, void> {
  const { client, namespace, labelSelector, metadataOnly } = subject;
  const { clock, silenceMs, signal } = options;
  const { resource } = place;
  const stream = await client.stream({
    path: resourcePath(resource, { namespace }),
    query: {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: place.resourceVersion,
      timeoutSeconds: options.seconds,
      labelSelector,
    },
    ...(metadataOnly && { accept: accept("PartialObjectMetadata") }),
    timeoutMs: beginMs,
    signal,
  });
  let silent = false;
  const stop = (): void => stream.destroy();
  let cancel = (): void => undefined;
  const heard = (): void => {
    options.onHeard();
    cancel();
    cancel = clock.after(silenceMs, () => {
      silent = true;
      stop();
    });
  };
  options.onBegun();
  heard();
  try {
    for await (const line of jsonLines(stream, heard)) {
      const { type, object } = line as WatchLine;
      if (type === "ERROR") throw errorOf(resource, object);
      if (object.metadata.resourceVersion !== undefined) place.resourceVersion = object.metadata.resourceVersion;
      if (type === "BOOKMARK") {
        yield { type: "bookmark" };
        continue;
      }
      const named = trimmed({ ...object, apiVersion: resource.apiVersion, kind: resource.kind }, subject.managedFields);
      yield { type: type === "DELETED" ? "deleted" : "applied", object: named };
    }
  } catch (cause) {
    if (!silent) throw cause;
    throw new SilentWatch(`the watch of ${resource.plural} said nothing for ${silenceMs / 1000} s`, { cause });
  } finally {
    cancel();
    stop();
  }
}

interface WatchLine {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: ApiObject;
}

/** Status in the middle of a watch. */
function errorOf(resource: ApiResource, object: unknown): Error {
  const { code, reason, message, details } = object as {
    readonly code?: number;
    readonly reason?: string;
    readonly message?: string;
    readonly details?: { readonly retryAfterSeconds?: number };
  };
  const seconds = details?.retryAfterSeconds;
  return new ApiError(`watch of ${resource.plural}: ${message ?? "no explanation"}`, {
    status: code ?? 0,
    reason: reason ?? "",
    retryAfterMs: seconds === undefined ? undefined : seconds * 1000,
  });
}

function accept(as: string): string {
  return `application/json;as=${as};g=meta.k8s.io;v=v1`;
}

/** Without what nobody reads and what can be half of the bytes. */
function trimmed(object: ApiObject, managed = false): ApiObject {
  const { managedFields, annotations, ...others } = object.metadata as ApiObject["metadata"] & { managedFields?: unknown };
  const metadata = managed ? { ...others, managedFields } : others;
  if (annotations === undefined) return { ...object, metadata };
  const { "kubectl.kubernetes.io/last-applied-configuration": __, ...kept } = annotations;
  return { ...object, metadata: { ...metadata, annotations: kept } };
}
