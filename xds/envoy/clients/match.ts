// Tests of texts in Envoy's words.

import type { type_matcher_v3 } from "#envoy";
import type { TextMatch } from "../../model/client.ts";
import type { MessageInit } from "../message-init.ts";

export function textMatcher({ type, value }: TextMatch): MessageInit<typeof type_matcher_v3.StringMatcherSchema> {
  return { matchPattern: type === "regex" ? { case: "safeRegex", value: { regex: value } } : { case: type, value } };
}
