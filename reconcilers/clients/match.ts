// Tests of texts as policies spell them, in the words of xds/model. Pure.

import type { StringMatch } from "../../api/shared/values.ts";
import type { TextMatch } from "../../xds/model/client.ts";

const types = { Exact: "exact", Prefix: "prefix", Suffix: "suffix", RegularExpression: "regex" } as const;

export function textMatch({ type, value }: StringMatch): TextMatch {
  return { type: types[type], value };
}
