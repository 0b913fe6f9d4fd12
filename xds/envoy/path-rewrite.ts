// Paths that a rewrite or a redirect replaces. Envoy replaces the matched prefix text alone, so the slash between the new prefix and the rest
// is decided here, such that "/old", "/old/" and "/old/x" become "/new", "/new/" and "/new/x" for every way of writing the two prefixes.

import type { config_route_v3, type_matcher_v3 } from "#envoy";
import type { Redirect } from "../model/request.ts";
import type { Rewrite } from "../model/route.ts";
import type { MessageInit } from "./message-init.ts";
import { quoted } from "./wire.ts";

type Regex = MessageInit<typeof type_matcher_v3.RegexMatchAndSubstituteSchema>;
type PrefixReplacement = { readonly type: "prefix"; readonly value: string } | { readonly type: "regex"; readonly value: Regex };

export function rewritePath(
  path: NonNullable<Rewrite["path"]>,
): Pick<MessageInit<typeof config_route_v3.RouteActionSchema>, "prefixRewrite" | "regexRewrite"> {
  switch (path.type) {
    case "replaceFull":
      return { regexRewrite: regex("^/.*$", literal(path.value)) };
    case "replaceRegex":
      return { regexRewrite: regex(path.pattern, path.substitution) };
    case "replacePrefix": {
      const replacement = replacePrefix(path.prefix, path.value);
      return replacement.type === "prefix" ? { prefixRewrite: replacement.value } : { regexRewrite: replacement.value };
    }
  }
}

export function redirectPath(
  path: NonNullable<Redirect["path"]>,
): MessageInit<typeof config_route_v3.RedirectActionSchema>["pathRewriteSpecifier"] {
  switch (path.type) {
    case "replaceFull":
      return { case: "pathRedirect", value: path.value };
    case "replacePrefix": {
      const replacement = replacePrefix(path.prefix, path.value);
      return replacement.type === "prefix"
        ? { case: "prefixRewrite", value: replacement.value }
        : { case: "regexRewrite", value: replacement.value };
    }
  }
}

function replacePrefix(prefix: string, value: string): PrefixReplacement {
  const from = prefix.replace(/\/+$/, "");
  const to = value.replace(/\/+$/, "");
  // The match "/" takes the slash away with it, so the new prefix brings one: "/x" becomes "/new/x".
  if (from === "") return { type: "prefix", value: `${to}/` };
  // Cutting "/old" from "/old" would leave an empty path, and "/" in its place would make "//x" of "/old/x".
  if (to === "") return { type: "regex", value: regex(`^${quoted(from)}/*`, "/") };
  return { type: "prefix", value: to };
}

/** In a substitution a backslash introduces a group. */
function literal(text: string): string {
  return text.replaceAll("\\", "\\\\");
}

function regex(pattern: string, substitution: string): Regex {
  return { pattern: { regex: pattern }, substitution };
}
