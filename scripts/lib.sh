# Sourced by the other scripts: where the project is, and how a preset is built.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
. "$root/scripts/errors.sh"
jobs=$(nproc)

say() { echo "$(basename "$0"): $*" >&2; }
die() { say "$*"; exit 1; }

# build PRESET [TARGET...]: configures and builds; prints nothing unless it fails.
build() {
    local preset=$1 log=build/$1/build.log
    shift
    mkdir -p "build/$preset"
    if ! cmake --preset "$preset" >"$log" 2>&1 ||
        ! cmake --build --preset "$preset" -j "$jobs" ${1:+--target "$@"} >>"$log" 2>&1; then
        cat "$log" >&2
        die "building '$preset' failed"
    fi
}
