// The judge of the folder of YAML: the kinds of api/ and their schemas.

import { kindServed } from "../api/kinds.ts";
import { validate } from "../api/validate.ts";
import type { Judge } from "./host/yaml.ts";

export const schemaJudge: Judge = {
  scope(apiVersion, kind) {
    const served = kindServed(apiVersion, kind);
    return served === undefined ? undefined : served.namespaced ? "namespaced" : "cluster";
  },
  judge(apiVersion, kind, value) {
    const served = kindServed(apiVersion, kind);
    if (served === undefined) return { problems: [] };
    const { object, problems } = validate(served, value);
    return { object, problems: problems.map(({ at, message }) => ({ path: at, message })) };
  },
};
