// What the cluster's own parts ask of its API server: a few calls and a watch that starts again. Not the operator's client, which is under test.

import { readFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import type { IncomingMessage } from "node:http";
import { createInterface } from "node:readline";

export interface Access {
  readonly url: string;
  readonly caFile: string;
  readonly token: string;
}

export interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** The newest state of each object, by namespace/name. */
export type Objects<T> = ReadonlyMap<string, T>;

export interface Api {
  readonly patchStatus: (path: string, status: object) => Promise<void>;
  /** Calls back with all objects after each change, for ever; a stream that ends is begun anew. */
  readonly watch: <T extends { readonly metadata: Metadata }>(path: string, changed: (objects: Objects<T>) => void) => void;
  readonly close: () => void;
}

export function createApi(access: Access): Api {
  const ca = readFileSync(access.caFile);
  const closing = new AbortController();

  function call(method: string, path: string, body?: object): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = httpsRequest(`${access.url}${path}`, {
        method,
        ca,
        signal: closing.signal,
        headers: { authorization: `Bearer ${access.token}`, "content-type": "application/merge-patch+json" },
      });
      request.on("error", reject);
      request.on("response", resolve);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  async function json<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await call(method, path, body);
    const text = (await response.setEncoding("utf8").toArray()).join("");
    if (response.statusCode !== 200) throw new Error(`${method} ${path}: ${response.statusCode} ${text}`);
    return JSON.parse(text) as T;
  }

  async function follow<T extends { readonly metadata: Metadata }>(
    path: string,
    changed: (objects: Objects<T>) => void,
  ): Promise<void> {
    const list = await json<{ metadata: { resourceVersion: string }; items: T[] }>("GET", path);
    const objects = new Map(list.items.map((object) => [keyOf(object), object]));
    changed(objects);
    const response = await call("GET", `${path}?watch=true&resourceVersion=${list.metadata.resourceVersion}`);
    for await (const line of createInterface({ input: response })) {
      const { type, object } = JSON.parse(line) as { type: string; object: T };
      if (type === "ERROR") return;
      if (type === "DELETED") objects.delete(keyOf(object));
      else objects.set(keyOf(object), object);
      changed(objects);
    }
  }

  async function followForEver(path: string, changed: (objects: Objects<never>) => void): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await follow(path, changed);
      } catch (error) {
        if (!closing.signal.aborted) console.error(`watch ${path}: ${String(error)}`);
      }
      await new Promise((wake) => setTimeout(wake, 500));
    }
  }

  return {
    patchStatus: async (path, status) => void (await json("PATCH", `${path}/status`, { status })),
    watch: (path, changed) => void followForEver(path, changed),
    close: () => closing.abort(),
  };
}

function keyOf({ metadata }: { readonly metadata: Metadata }): string {
  return `${metadata.namespace}/${metadata.name}`;
}
