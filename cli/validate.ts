// `envoy-gateway validate`: checks objects as an API server would, and says where they are wrong.

import { readInputs } from "./input.ts";
import { problemText } from "./problems.ts";
import { readObjects } from "./translation.ts";

/** One line for each error on standard output and exit status 1, or a count. */
export function validateCommand(options: { readonly file: readonly string[] }): void {
  const inputs = readInputs(options.file);
  const { objects, problems } = readObjects(inputs, { validate: true });
  if (problems.length > 0) {
    process.stdout.write(problemText(problems));
    process.exitCode = 1;
  } else if (objects.length === 0) {
    process.stdout.write("No objects were read.\n");
    process.exitCode = 1;
  } else process.stdout.write(`${objects.length} objects in ${inputs.length} files are valid.\n`);
}
