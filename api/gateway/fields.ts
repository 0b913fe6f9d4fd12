// Field schemas that several Gateway API kinds share (v1.4.1, experimental channel): names, references, conditions, selectors.
// Patterns and limits are those of the API's CRDs. It knows no kind.

import { choice, integer, list, map, object, optional, text } from "../schema.ts";
import type { Options, Static, TextOptions } from "../schema.ts";

const dnsLabel = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const dnsSubdomain = String.raw`${dnsLabel}(\.${dnsLabel})*`;
const pathCharacters = String.raw`[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+`;

/** Regular expressions that also occur inside CEL rules. */
export const patterns = {
  preciseHostname: `^${dnsSubdomain}$`,
  hostname: String.raw`^(\*\.)?${dnsSubdomain}$`,
  domainPrefixed: String.raw`${dnsSubdomain}\/${pathCharacters}`,
  path: "^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$",
  metadataKey: `^(${dnsSubdomain}/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$`,
} as const;

export const groupName = (options: Options = {}) =>
  text({ maxLength: 253, pattern: `^$|^${dnsSubdomain}$`, description: "API group; empty means the core group.", ...options });

export const kindName = (options: Options = {}) =>
  text({ minLength: 1, maxLength: 63, pattern: "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$", description: "Kind.", ...options });

export const objectName = (description = "Name of the object.") => text({ minLength: 1, maxLength: 253, description });

export const namespaceName = (description = "Namespace of the object; that of the referring object when absent.") =>
  text({ minLength: 1, maxLength: 63, pattern: `^${dnsLabel}$`, description });

/** A listener's or rule's name. */
export const sectionName = (description: string) =>
  text({ minLength: 1, maxLength: 253, pattern: `^${dnsSubdomain}$`, description });

export const portNumber = (description = "Port number.") => integer({ format: "int32", minimum: 1, maximum: 65535, description });

export const hostname = (description: string) => text({ minLength: 1, maxLength: 253, pattern: patterns.hostname, description });

export const preciseHostname = (description: string) =>
  text({ minLength: 1, maxLength: 253, pattern: patterns.preciseHostname, description });

/** Gateway API duration (GEP-2257), such as "1h30m" or "500ms". */
export const duration = (description: string) => text({ pattern: "^([0-9]{1,5}(h|m|s|ms)){1,4}$", description });

export const httpHeaderName = (description: string, options: TextOptions = {}) =>
  text({
    minLength: 1,
    maxLength: 256,
    pattern: String.raw`^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$`,
    description,
    ...options,
  });

export const controllerName = (options: Options = {}) =>
  text({
    minLength: 1,
    maxLength: 253,
    pattern: `^${patterns.domainPrefixed}$`,
    description: "Controller in charge, as domain/path.",
    ...options,
  });

/** Kubernetes labels that select objects. */
export const labelSelector = (description: string) =>
  object(
    {
      matchExpressions: optional(
        list(
          object({
            key: text({ description: "Label key." }),
            operator: text({ description: "In, NotIn, Exists or DoesNotExist." }),
            values: optional(
              list(text(), { listType: "atomic", description: "Label values; none for Exists and DoesNotExist." }),
            ),
          }),
          { listType: "atomic", description: "Requirements, all of which must hold." },
        ),
      ),
      matchLabels: optional(map(text(), { description: "Labels the object must have, with these values." })),
    },
    { mapType: "atomic", description },
  );
export type LabelSelector = Static<ReturnType<typeof labelSelector>>;

/** Conditions as they are stored, at most eight, one of each type. */
export const conditions = (options: Options & { readonly minItems?: number } = {}) =>
  list(
    object({
      type: text({
        maxLength: 316,
        pattern: `^(${dnsSubdomain}/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$`,
        description: "What the condition is about.",
      }),
      status: choice(["True", "False", "Unknown"], { description: "Whether it holds." }),
      reason: text({
        minLength: 1,
        maxLength: 1024,
        pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
        description: "Why, in one word for programs.",
      }),
      message: text({ maxLength: 32768, description: "Why, in a sentence for people." }),
      observedGeneration: optional(
        integer({ format: "int64", minimum: 0, description: "Generation of the spec that was looked at." }),
      ),
      lastTransitionTime: text({ format: "date-time", description: "When the status last changed." }),
    }),
    { maxItems: 8, listType: "map", mapKeys: ["type"], description: "What the controller says of the object.", ...options },
  );

/** What a fresh object's conditions say until a controller has looked at it. */
export const pendingConditions = (types: readonly string[]) =>
  types.map((type) => ({
    type,
    status: "Unknown",
    reason: "Pending",
    message: "Waiting for controller",
    lastTransitionTime: "1970-01-01T00:00:00Z",
  }));

/** A Secret by default, perhaps in another namespace. */
export const secretReference = (description: string) =>
  object(
    {
      group: groupName({ default: "" }),
      kind: kindName({ default: "Secret" }),
      name: objectName(),
      namespace: optional(namespaceName()),
    },
    { description },
  );
export type SecretReference = Static<ReturnType<typeof secretReference>>;

/** An object of any kind in the same namespace. */
export const localObjectReference = (description: string) =>
  object({ group: groupName(), kind: kindName(), name: objectName() }, { description });
export type LocalObjectReference = Static<ReturnType<typeof localObjectReference>>;

/** An object of any kind, perhaps in another namespace. */
export const objectReference = (description: string) =>
  object({ group: groupName(), kind: kindName(), name: objectName(), namespace: optional(namespaceName()) }, { description });
export type ObjectReference = Static<ReturnType<typeof objectReference>>;
