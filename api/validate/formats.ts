// String formats and patterns as the API server checks them. Formats that it does not know are not checked.

import { isIPv4, isIPv6 } from "node:net";

/** Why the text does not have the format, or undefined when it does. */
export function formatMistake(format: string, text: string): string | undefined {
  const test = formats[format];
  const name = format === "byte" ? "base64 text" : format;
  return test === undefined || test(text) ? undefined : `must be a valid ${name}: ${quoted(text)}`;
}

/** A user's text in a message: all of a short one. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

const dateTime = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

const formats: Readonly<Record<string, (text: string) => boolean>> = {
  "date-time": (text) => dateTime.test(text) && !Number.isNaN(Date.parse(text)),
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)),
  byte: (text) => /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text.replaceAll(/[\r\n]/g, "")),
  ipv4: isIPv4,
  ipv6: (text) => isIPv6(text) && !text.includes("%"),
  ip: (text) => isIPv4(text) || (isIPv6(text) && !text.includes("%")),
  cidr: isCidr,
  uri: (text) => URL.canParse(text) || text.startsWith("/"),
  uuid: (text) => /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(text),
  duration: (text) => /^[+-]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/.test(text),
};

function isCidr(text: string): boolean {
  const [address = "", bits = "", ...rest] = text.split("/");
  if (rest.length > 0 || !/^\d{1,3}$/.test(bits)) return false;
  if (isIPv4(address)) return Number(bits) <= 32;
  return isIPv6(address) && Number(bits) <= 128;
}

const compiled = new Map<string, RegExp>();

/** The RegExp of a pattern in Go's syntax, as far as schemas use it: the two agree on what our patterns say. */
export function regExpOf(pattern: string): RegExp {
  let expression = compiled.get(pattern);
  if (expression === undefined) {
    expression = compile(pattern);
    compiled.set(pattern, expression);
  }
  return expression;
}

function compile(written: string): RegExp {
  // Go lets a pattern say by itself that case does not matter; ours does so at its start only, where it holds for all of it.
  const pattern = written.replace(/^(\^?)\(\?i\)/, "$1");
  const anyCase = pattern === written ? "" : "i";
  try {
    return new RegExp(pattern, `u${anyCase}`);
  } catch {
    // Go allows escapes of plain characters (`\_`), which JavaScript allows only without the u flag.
    return new RegExp(pattern, anyCase);
  }
}

/** Length in characters (code points), as the API server counts. */
export function lengthOf(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    const isPair = (text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00;
    if (isPair) {
      length--;
      i++;
    }
  }
  return length;
}
