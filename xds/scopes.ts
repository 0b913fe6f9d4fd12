// Scopes: how a request finds its part of a large route table. The key is computed from the host twice, here for the hosts of the table and by
// Envoy (in CEL) for the host of each request, and must come out equal. The choices were measured with Envoy 1.37.0.

/** Fixed, because the number is part of the listener; how many route configurations stand behind the scopes is not. */
export const scopeCount = 256;

/** Route configurations that one table is cut into. Each has all wildcard hosts, so more of them make those dear. */
export const bucketCount = 64;

/**
 * One set of characters for each bit: a bit is 1 when a host has an even number of characters of its set. CEL has no hash function, and
 * regular expressions are what it has; ranges in positive classes, because complements exceed RE2's limit of a program's size.
 */
const sets = ["1-3yz", "6-9b-e", "235-7c-h", "67e-jp-u", "0-3i-ot-z", "34f-lo-u", "4-6o-s", "5-8c-gs-z"] as const;
const letters = "0123456789abcdefghijklmnopqrstuvwxyz";
const punctuation = "._-";

/** A bit per set that has the character, by its code; undefined: not a character of host names, and the host's scope is 0. */
const bitsOf: readonly (number | undefined)[] = Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code).toLowerCase();
  if (!letters.includes(character) && !punctuation.includes(character)) return undefined;
  return sets.reduce((bits, set, bit) => (membersOf(set).has(character) ? bits | (1 << bit) : bits), 0);
});

function membersOf(set: string): ReadonlySet<string> {
  return new Set(letters.split("").filter((letter) => new RegExp(`[${set}]`).test(letter)));
}

/** The scope of a host, 0 to 255. Total: whatever stands there has one. Upper case, and what follows a colon, make no difference. */
export function scopeOf(host: string): number {
  let odd = 0;
  for (let i = 0; i < host.length; i++) {
    const code = host.charCodeAt(i);
    if (code === 0x3a) break; // the port, or a second Host header behind it: Envoy looks at what precedes it
    const bits = bitsOf[code];
    if (bits === undefined) return 0;
    odd ^= bits;
  }
  return (scopeCount - 1) ^ odd;
}

/** The route configuration behind a scope. */
export const bucketOf = (scope: number): number => scope % bucketCount;

/** The same as scopeOf(), in CEL over the request's host. */
export const scopeExpression: string = sets
  .map((set, bit) => `(request.host.matches('${evenCount(set)}') ? ${1 << bit} : 0)`)
  .join(" + ");

function evenCount(set: string): string {
  const members = membersOf(set);
  const others = `${inRanges(letters.split("").filter((letter) => !members.has(letter)))}${punctuation}`;
  return `(?i)^([${others}]*[${set}][${others}]*[${set}])*[${others}]*(:|$)`;
}

/** Neighbours in the alphabet as a range. */
function inRanges(characters: readonly string[]): string {
  const runs: string[][] = [];
  for (const character of characters) {
    const run = runs.at(-1);
    if (run !== undefined && run.at(-1)!.charCodeAt(0) + 1 === character.charCodeAt(0)) run.push(character);
    else runs.push([character]);
  }
  return runs.map((run) => (run.length < 3 ? run.join("") : `${run[0]}-${run.at(-1)}`)).join("");
}

/** Scopes are global to an Envoy: the table is part of their keys, which are their names too. */
export const scopeKey = (table: string, scope: number | string): string => `${table}/scope/${scope}`;

const bucketPart = "/bucket/";
export const bucketName = (table: string, bucket: number): string => `${table}${bucketPart}${bucket}`;

/** The route table that a route configuration of this name is, or is a part of. */
export function tableOf(routeConfiguration: string): string {
  const end = routeConfiguration.lastIndexOf(bucketPart);
  return end < 0 ? routeConfiguration : routeConfiguration.slice(0, end);
}

/** Names of everything that stands behind a listener whose requests look into this table by scope. */
export function partsOf(table: string): { readonly scopes: readonly string[]; readonly buckets: readonly string[] } {
  return {
    scopes: Array.from({ length: scopeCount }, (_, scope) => scopeKey(table, scope)),
    buckets: Array.from({ length: bucketCount }, (_, bucket) => bucketName(table, bucket)),
  };
}
