// The shape of every reconciler, and of what a query says about the objects it read. Types only.

import type { Db } from "../store/db.ts";
import type { ObjectKey } from "../store/key.ts";
import type { Kind, Kinds } from "../store/kinds.ts";

/** What is said of an object: made by the constructors of conditions.ts only. Generation and times are added by the status writer. */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

/** Translation never fails: it returns the best value it can and says what is wrong with the rest. */
export interface Verdict<Value> {
  readonly value: Value;
  readonly conditions: readonly Condition[];
}

/** A Kubernetes object that we own: applied as it is in a cluster, read by the host infrastructure on a single machine. */
export interface OwnedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly unknown[];
  };
  readonly [field: string]: unknown;
}

/** A status as reconcilers state it: without the times of its conditions, which the status writer adds. */
export type WantedStatus<Status> = Status extends readonly (infer Item)[]
  ? readonly WantedStatus<Item>[]
  : Status extends { readonly lastTransitionTime: string }
    ? Omit<Status, "lastTransitionTime">
    : Status extends object
      ? { readonly [Field in keyof Status]: WantedStatus<Status[Field]> }
      : Status;

/** One per resource kind. Both functions are pure queries; operator/ writes what they return. */
export interface Reconciler<K extends Kind> {
  readonly kind: K;
  /**
   * The wanted status without observedGeneration and lastTransitionTime, or undefined when the object is not ours to speak about.
   * Entries of other controllers (route parents, policy ancestors) are kept by the writer.
   */
  status(
    db: Db,
    key: ObjectKey,
  ): Kinds[K] extends { readonly status?: infer Status } ? WantedStatus<Status> | undefined : undefined;
  /**
   * Objects this one calls for. An empty list means: remove what there was; undefined means: leave it as it is (the settings to make it
   * from cannot be used, or nothing is to be served; what runs keeps running).
   */
  owned?(db: Db, key: ObjectKey): readonly OwnedObject[] | undefined;
}
