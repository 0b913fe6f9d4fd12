// JSON patches (RFC 6902) whose operations may also select their places by a JSONPath: fields, indexes, [*] and [?(@.field=='value')].
// Values are never changed in place. Knows nothing of what is patched.

export interface Operation {
  readonly op: string;
  readonly path?: string;
  readonly jsonPath?: string;
  readonly from?: string;
  readonly value?: unknown;
}

export type Outcome = { readonly value: unknown } | { readonly problem: string };

type Steps = readonly string[];

/** The value after all operations, or why the first of them that fails does. */
export function patchedJson(value: unknown, operations: readonly Operation[]): Outcome {
  let current = value;
  for (const [index, operation] of operations.entries()) {
    const places = placesOf(current, operation);
    if (typeof places === "string") return { problem: `operation ${index}: ${places}` };
    for (const place of places) {
      const outcome = applied(current, operation, place);
      if ("problem" in outcome) return { problem: `operation ${index}: ${outcome.problem}` };
      current = outcome.value;
    }
  }
  return { value: current };
}

function placesOf(value: unknown, { path, jsonPath }: Operation): readonly Steps[] | string {
  const below = path === undefined || path === "" ? [] : pointer(path);
  if (below === undefined) return `${path} is not a JSON pointer`;
  if (jsonPath === undefined) return path === undefined ? "path or jsonPath is needed" : [below];
  const found = selected(value, jsonPath);
  if (found === undefined) return `the JSONPath ${jsonPath} is not supported`;
  // From the last to the first, so that removing one does not move those to come.
  return found.length === 0
    ? `the JSONPath ${jsonPath} selects nothing`
    : found.map((place) => [...place, ...below]).toReversed();
}

function applied(value: unknown, operation: Operation, place: Steps): Outcome {
  const name = `/${place.join("/")}`;
  switch (operation.op) {
    case "add":
      return edited(value, place, { type: "add", value: operation.value });
    case "replace":
      return edited(value, place, { type: "replace", value: operation.value });
    case "remove":
      return edited(value, place, { type: "remove" });
    case "test":
      return same(at(value, place), operation.value) ? { value } : { problem: `${name} has another value` };
    case "move":
    case "copy": {
      const from = pointer(operation.from ?? "");
      const moved = from && at(value, from);
      if (from === undefined || moved === undefined) return { problem: `nothing is at ${operation.from ?? "from"}` };
      const rest: Outcome = operation.op === "copy" ? { value } : edited(value, from, { type: "remove" });
      return "problem" in rest ? rest : edited(rest.value, place, { type: "add", value: moved });
    }
    default:
      return { problem: `${operation.op} is not an operation` };
  }
}

type Edit = { readonly type: "add" | "replace"; readonly value: unknown } | { readonly type: "remove" };

function edited(value: unknown, [step, ...rest]: Steps, edit: Edit): Outcome {
  if (step === undefined) return edit.type === "remove" ? { problem: "the whole cannot be removed" } : { value: edit.value };
  if (Array.isArray(value)) return editedList(value, [step, ...rest], edit);
  if (!isRecord(value)) return { problem: `nothing is at ${step}` };
  if (rest.length === 0 && edit.type === "add") return { value: { ...value, [step]: edit.value } };
  if (!Object.hasOwn(value, step)) return { problem: `nothing is at ${step}` };
  const { [step]: child, ...others } = value;
  if (rest.length === 0 && edit.type === "remove") return { value: others };
  const below = edited(child, rest, edit);
  return "problem" in below ? below : { value: { ...value, [step]: below.value } };
}

function editedList(list: readonly unknown[], [step = "", ...rest]: Steps, edit: Edit): Outcome {
  const index = step === "-" ? list.length : /^(0|[1-9]\d*)$/.test(step) ? Number(step) : Infinity;
  const last = rest.length === 0;
  if (last && edit.type === "add" && index <= list.length) return { value: list.toSpliced(index, 0, edit.value) };
  if (index >= list.length) return { problem: `nothing is at ${step}` };
  if (last && edit.type === "remove") return { value: list.toSpliced(index, 1) };
  const below = edited(list[index], rest, edit);
  return "problem" in below ? below : { value: list.with(index, below.value) };
}

function pointer(text: string): Steps | undefined {
  if (text === "") return [];
  if (!text.startsWith("/")) return undefined;
  return text
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function at(value: unknown, steps: Steps): unknown {
  let current = value;
  for (const step of steps) {
    if (Array.isArray(current)) current = (current as readonly unknown[])[Number(step)];
    else current = isRecord(current) && Object.hasOwn(current, step) ? current[step] : undefined;
  }
  return current;
}

const stepPattern =
  /\.([A-Za-z_$@][\w-]*)|\[(\d+|\*)\]|\[(?:'([^']*)'|"([^"]*)")\]|\[\?\(\s*@\.([\w.]+)\s*==\s*(?:'([^']*)'|"([^"]*)")\s*\)\]/y;

/** Places that a JSONPath selects; undefined when it says what is not understood here. */
function selected(value: unknown, jsonPath: string): readonly Steps[] | undefined {
  const text = jsonPath.replace(/^\$/, "");
  let places: readonly Steps[] = [[]];
  stepPattern.lastIndex = 0;
  while (stepPattern.lastIndex < text.length) {
    const found = stepPattern.exec(text);
    if (found === null) return undefined;
    const [, name, index, single, double, field, one, other] = found;
    places = places.flatMap((place) => {
      const here = at(value, place);
      const names = Array.isArray(here) ? here.map((_, i) => String(i)) : isRecord(here) ? Object.keys(here) : [];
      if (field !== undefined)
        return names.filter((each) => at(here, [each, ...field.split(".")]) === (one ?? other)).map((each) => [...place, each]);
      if (index === "*") return names.map((each) => [...place, each]);
      const wanted = name ?? index ?? single ?? double ?? "";
      return names.includes(wanted) ? [[...place, wanted]] : [];
    });
  }
  return places;
}

/** Are two JSON values equal, whatever the order of their fields? */
export function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, index) => same(item, b[index]));
  if (!isRecord(a) || !isRecord(b)) return a === b;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]));
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
