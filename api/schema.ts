// The dialect in which every API kind is written: TypeBox builders narrowed to what a structural CRD schema may say (Kubernetes API, "Structural schemas").
// A schema is the JSON that goes into a CRD's `openAPIV3Schema` as it stands, and the TypeScript type of an object after defaulting.
// It knows nothing of validation (validate.ts) nor of any one kind.

import {
  Array as TypeArray,
  Boolean as TypeBoolean,
  Integer as TypeInteger,
  IsOptional,
  Number as TypeNumber,
  Object as TypeObject,
  Optional as TypeOptional,
  String as TypeString,
  Unsafe,
} from "typebox";
import type {
  Static as TypeStatic,
  TArray,
  TBoolean,
  TInteger,
  TNumber,
  TObject,
  TOptional,
  TProperties,
  TSchema,
  TString,
  TUnsafe,
} from "typebox";
import type { ObjectMeta } from "./meta.ts";

/** A CEL rule as it stands in `x-kubernetes-validations`. A rule that names `oldSelf` runs on updates only, unless `optionalOldSelf`. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  readonly messageExpression?: string;
  readonly reason?: "FieldValueInvalid" | "FieldValueForbidden" | "FieldValueRequired" | "FieldValueDuplicate";
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

/** A schema as data: what a validator or a CRD writer reads. Every schema of this dialect is one. */
export interface JsonSchema {
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  readonly description?: string;
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
  readonly "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: "atomic" | "granular";
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-embedded-resource"?: boolean;
  readonly "x-kubernetes-validations"?: readonly Rule[];
}

/** What any schema may say besides its type. A field with a default is present after defaulting and never required of the user. */
export interface Options {
  readonly description?: string;
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly format?: string;
  readonly rules?: readonly Rule[];
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
}
export interface TextOptions extends Options {
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
}
export interface NumberOptions extends Options {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly number[];
}
export interface ListOptions extends Options {
  readonly minItems?: number;
  readonly maxItems?: number;
  /** "map" needs `mapKeys`. */
  readonly listType?: "atomic" | "set" | "map";
  readonly mapKeys?: readonly string[];
}
export interface MapOptions extends Options {
  readonly minProperties?: number;
  readonly maxProperties?: number;
}
export interface ObjectOptions extends MapOptions {
  readonly mapType?: "atomic" | "granular";
  readonly preserveUnknownFields?: boolean;
}

/** The type of a complete (defaulted) value of a schema, read-only to the bottom. */
export type Static<S extends TSchema> = Frozen<TypeStatic<S>>;
type Frozen<T> = unknown extends T
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Frozen<Item>[]
    : T extends object
      ? { readonly [K in keyof T]: Frozen<T[K]> }
      : T;

/** An object with these fields, in this order. Fields are required unless `optional()` or with a default. */
export function object<P extends TProperties>(properties: P, options: ObjectOptions = {}): TObject<P> {
  const { mapType, preserveUnknownFields, ...rest } = options;
  const required = Object.keys(properties).filter((name) => isRequired(properties[name]));
  return TypeObject(properties, {
    ...spelled(rest),
    required: required.length > 0 ? required : undefined,
    ...(mapType && { "x-kubernetes-map-type": mapType }),
    ...(preserveUnknownFields && { "x-kubernetes-preserve-unknown-fields": true }),
  });
}

/** A field that may be absent also after defaulting. */
export function optional<S extends TSchema>(schema: S): TOptional<S> {
  // TypeBox computes the result type of its Optional lazily (nested optionals, codecs); of our plain schemas it is always TOptional.
  return TypeOptional(schema) as TOptional<S>;
}

export function text(options: TextOptions = {}): TString {
  return TypeString(spelled(options));
}

/** A string out of a fixed set. */
export function choice<const V extends string>(values: readonly V[], options: Options = {}): TUnsafe<V> {
  return Unsafe<V>({ type: "string", enum: values, ...spelled(options) });
}

/** A whole number; give `format: "int32"` or `"int64"` as the API does. */
export function integer(options: NumberOptions = {}): TInteger {
  return TypeInteger(spelled(options));
}

/** A number that need not be whole, such as a percentage. */
export function decimal(options: NumberOptions = {}): TNumber {
  return TypeNumber(spelled(options));
}

export function flag(options: Options = {}): TBoolean {
  return TypeBoolean(spelled(options));
}

export function list<S extends TSchema>(items: S, options: ListOptions = {}): TArray<S> {
  const { listType, mapKeys, ...rest } = options;
  return TypeArray(items, {
    ...spelled(rest),
    ...(listType && { "x-kubernetes-list-type": listType }),
    ...(mapKeys && { "x-kubernetes-list-map-keys": mapKeys }),
  });
}

/** An object with keys of the user's choice and values of one schema. */
export function map<S extends TSchema>(values: S, options: MapOptions = {}): TUnsafe<Readonly<Record<string, Static<S>>>> {
  return Unsafe({ type: "object", additionalProperties: values, ...spelled(options) });
}

/** A whole number or a string, such as a port or a percentage. */
export function intOrString(options: TextOptions = {}): TUnsafe<number | string> {
  return Unsafe({
    anyOf: [{ type: "integer" }, { type: "string" }],
    "x-kubernetes-int-or-string": true,
    ...spelled(options),
  });
}

/** An object of which nothing is checked and everything kept; `T` is what the code trusts it to be. */
export function preserved<T = Readonly<Record<string, unknown>>>(options: Options = {}): TUnsafe<T> {
  return Unsafe<T>({ type: "object", "x-kubernetes-preserve-unknown-fields": true, ...spelled(options) });
}

/** Any JSON value at all. */
export function anything<T = unknown>(options: Options = {}): TUnsafe<T> {
  return Unsafe<T>({ "x-kubernetes-preserve-unknown-fields": true, ...spelled(options) });
}

/** The same schema with some options replaced, such as another description or default where it is used. */
export function refined<S extends TSchema>(schema: S, options: TextOptions & ListOptions): TUnsafe<Static<S>> {
  const { listType, mapKeys, ...rest } = options;
  return Unsafe<Static<S>>({
    ...schema,
    ...spelled(rest),
    ...(listType && { "x-kubernetes-list-type": listType }),
    ...(mapKeys && { "x-kubernetes-list-map-keys": mapKeys }),
  });
}

/** A schema as data. Every schema of this dialect is made by the functions above, so its JSON is a JsonSchema. */
export function jsonSchema(schema: TSchema): JsonSchema {
  return schema;
}

/** A whole Kubernetes object: `fields` are those beside apiVersion, kind and metadata. */
export function kind<const K extends string, P extends TProperties>(name: K, fields: P, options: ObjectOptions = {}) {
  const head = {
    apiVersion: Unsafe<string>({ type: "string", description: "Group and version of this object." }),
    kind: Unsafe<K>({ type: "string", description: `Always ${name}.` }),
    metadata: Unsafe<ObjectMeta>({ type: "object" }),
  };
  const schema: TObject<typeof head & P> = object({ ...head, ...fields }, options);
  // The API server fills apiVersion, kind and metadata in and checks them itself: CRDs do not list them as required.
  const required = Object.keys(fields).filter((field) => isRequired(fields[field]));
  return Object.assign(schema, { required: required.length > 0 ? required : undefined });
}

function isRequired(schema: TSchema | undefined): boolean {
  return schema !== undefined && !IsOptional(schema) && !("default" in schema);
}

function spelled<O extends Options>(options: O): Omit<O, "rules"> & { "x-kubernetes-validations"?: readonly Rule[] } {
  const { rules, ...rest } = options;
  return rules ? { ...rest, "x-kubernetes-validations": rules } : rest;
}
