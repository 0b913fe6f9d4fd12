// A watch scope by labels of namespaces: the objects of a namespace are followed while its labels fit, and are gone for us when they do not.

import { kinds, type KindDefinition } from "../../api/kinds.ts";
import { selectorMatches } from "../../reconcilers/labels.ts";
import { keyOf } from "../../store/key.ts";
import type { Kind } from "../../store/kinds.ts";
import type { WatchScope } from "../config.ts";
import type { ObjectEvent } from "./api-object.ts";

export type ObjectChange = Exclude<ObjectEvent, { type: "synced" }>;
export type OnEvent = (kind: Kind, event: ObjectChange) => void;

/** Follows a kind in one place, or everywhere, until the signal aborts. */
export type Follow = (
  definition: KindDefinition,
  place: { readonly namespace: string | undefined; readonly until: AbortSignal; readonly onEvent: OnEvent },
) => void;

export interface ChosenNamespaces {
  /** What the watch of namespaces tells. */
  heard(event: ObjectChange): void;
}

export function createChosenNamespaces({
  selector,
  follow,
  tell,
  signal,
}: {
  readonly selector: NonNullable<WatchScope["selector"]>;
  readonly follow: Follow;
  readonly tell: OnEvent;
  readonly signal: AbortSignal;
}): ChosenNamespaces {
  const chosen = new Map<string, () => void>();

  /** Returns how to leave it. */
  function enter(namespace: string): () => void {
    const end = new AbortController();
    const told = new Map<string, () => void>();
    const onEvent: OnEvent = (kind, event) => {
      const { apiVersion, metadata } = event.object;
      const name = `${kind} ${keyOf({ metadata })}`;
      const { namespace: place, name: own } = metadata;
      const object = { apiVersion, kind, metadata: { name: own, ...(place !== undefined && { namespace: place }) } };
      if (event.type === "deleted") told.delete(name);
      else told.set(name, () => tell(kind, { type: "deleted", object }));
      tell(kind, event);
    };
    const until = AbortSignal.any([end.signal, signal]);
    for (const definition of kinds) if (definition.namespaced) follow(definition, { namespace, until, onEvent });
    return () => {
      end.abort();
      for (const forget of told.values()) forget();
    };
  }

  return {
    heard(event) {
      const { name, labels } = event.object.metadata;
      const fits = event.type === "applied" && selectorMatches(selector, labels);
      const leave = chosen.get(name);
      if (fits && leave === undefined) chosen.set(name, enter(name));
      if (fits || leave === undefined) return;
      chosen.delete(name);
      leave();
    },
  };
}
