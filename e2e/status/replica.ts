// One replica of the operator as a process of its own, which a test can kill. Its argument: options as JSON.

import type { OperatorOptions } from "../../operator/config.ts";
import { runOperator } from "../../operator/main.ts";

await runOperator(JSON.parse(process.argv[2] ?? "{}") as Partial<OperatorOptions>);
