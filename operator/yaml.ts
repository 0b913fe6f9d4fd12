// YAML text to values and back, with the place of every field. The only importer of the yaml package; knows no kinds.

import {
  isMap,
  isScalar,
  isSeq,
  parseAllDocuments,
  parseDocument,
  stringify,
  type Document,
  type Node,
  type ParsedNode,
} from "yaml";

export interface Place {
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
}

export type Path = readonly (string | number)[];

export interface YamlDocument {
  /** The text it was read from; equal text means equal value. */
  readonly text: string;
  readonly value: unknown;
  readonly start: Place;
  /** Syntax errors; then `value` is undefined. */
  readonly errors: readonly (Place & { readonly message: string })[];
  /** Where a field stands; of a field that is missing, its nearest ancestor that is there. */
  place(path: Path): Place;
}

/** Every document of a YAML (or JSON) text but empty ones. `known` may hold earlier documents, which are reused where text and place are equal. */
export function readDocuments(text: string, known: readonly YamlDocument[] = []): readonly YamlDocument[] {
  const reusable = new Map(known.map((document) => [`${document.start.line}\n${document.text}`, document]));
  return split(text).flatMap(({ chunk, line }) => {
    const start = startOf(chunk, line);
    if (start === undefined) return [];
    return [reusable.get(`${start.line}\n${chunk}`) ?? read(chunk, line, start)];
  });
}

export function writeYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

/**
 * Cuts at document markers, so that one edited document is parsed again and not its whole file. YAML 1.2.2 §9.1.2 forbids "---" at the
 * start of a line inside any scalar. A text with directives is left whole.
 */
function split(text: string): readonly { readonly chunk: string; readonly line: number }[] {
  const chunks: { chunk: string; line: number }[] = [];
  let from = 0;
  let line = 1;
  const marker = /^---(?=[ \t\r\n]|$).*$/gm;
  const cut = (to: number): void => {
    const chunk = text.slice(from, to);
    chunks.push({ chunk, line });
    for (const char of chunk) if (char === "\n") line++;
    from = to;
  };
  if (!/^%/m.test(text)) for (const match of text.matchAll(marker)) if (match.index > 0) cut(match.index);
  cut(text.length);
  return chunks;
}

/** Where the content begins, or undefined for a chunk of comments, blanks and markers only. */
function startOf(chunk: string, line: number): Place | undefined {
  const lines = chunk.split("\n");
  const at = lines.findIndex((content) => !/^\s*(#.*)?$|^(---|\.\.\.)\s*(#.*)?\s*$/.test(content));
  return at < 0 ? undefined : { line: line + at, column: lines[at]!.search(/\S/) + 1 };
}

function read(chunk: string, firstLine: number, start: Place): YamlDocument {
  const placeAt = (offset: number): Place => {
    const before = chunk.slice(0, offset);
    const lineStart = before.lastIndexOf("\n") + 1;
    return { line: firstLine + (before.match(/\n/g)?.length ?? 0), column: offset - lineStart + 1 };
  };
  const document = parseOne(chunk);
  // Where the stack ended says nothing: it is elsewhere each time.
  const errors = document.errors.some(({ message }) => /call stack/.test(message))
    ? [{ ...start, message: "is nested too deeply" }]
    : document.errors.map((error) => ({
        ...placeAt(error.pos[0]),
        message: error.message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, ""),
      }));
  if (errors.length > 0) return { text: chunk, value: undefined, start, errors, place: () => start };
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return { text: chunk, value, start, errors, place: (path) => locate(document, path, placeAt) ?? start };
  } catch (cause) {
    // Too many aliases ("billion laughs") or an alias to nothing.
    const message = cause instanceof Error ? cause.message : String(cause);
    return { text: chunk, value: undefined, start, errors: [{ ...start, message }], place: () => start };
  }
}

function parseOne(chunk: string): Document.Parsed {
  const options = { prettyErrors: true, uniqueKeys: true, merge: true, logLevel: "silent" as const };
  if (!/^%/m.test(chunk)) return parseDocument(chunk, options);
  const all = parseAllDocuments(chunk, options);
  return (Array.isArray(all) ? all[0] : undefined) ?? parseDocument("", options);
}

function locate(document: Document.Parsed, path: Path, placeAt: (offset: number) => Place): Place | undefined {
  let node: Node | ParsedNode | null = document.contents;
  let found: Place | undefined;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair === undefined) return found;
      if (isScalar(pair.key) && pair.key.range) found = placeAt(pair.key.range[0]);
      node = pair.value as Node | null;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)] as Node | undefined;
      if (item?.range) found = placeAt(item.range[0]);
      node = item ?? null;
    } else return found;
  }
  return found;
}
