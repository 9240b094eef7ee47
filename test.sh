#!/usr/bin/env bash
# Builds everything that can be built here and runs every test.
#
#   ./test.sh            the tests that belong to every change
#   ./test.sh --long     with the long ones too; keeps the log in tests/Grid.Benchmarks/Results/
#
# Takes Grid.sln. Only where the package registry lacks what Grid.Silo needs does it take Grid.Embedded.slnf,
# and then it says so. The last line is "N passed, N failed, N skipped"; the exit code is 0 if none failed and
# at least one passed.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$PWD
exec </dev/null

export CI=true
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export MSBUILDDISABLENODEREUSE=1

long=0
minutes_per_project_max=10
for argument in "$@"; do
    case $argument in
        --long) long=1; minutes_per_project_max=120 ;;
        -h|--help) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
        *) echo "test.sh: unknown option '$argument'; the only one is --long" >&2; exit 2 ;;
    esac
done

if ((long)); then export GRID_TEST_LONG=1; else unset GRID_TEST_LONG; fi

out=$root/artifacts/test
rm -rf "$out"
mkdir -p "$out"

passed=0 failed=0 skipped=0

finish() {
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    if ((failed > 0 || passed == 0)); then exit 1; fi
    exit 0
}

# A step before the tests has failed: shows its log and ends.
give_up() {
    echo "$1"
    grep -E '(error|warn)' "$2" | sort -u | sed "s|$root/||g" | head -n 60 || true
    failed=$((failed + 1))
    finish
}

# The names of the projects in a solution or a filter, one per line, as tests/X/X.csproj.
projects_of() {
    grep -oE '"[^"]+\.csproj"' "$1" | tr -d '"' | sed 's|\\\\|/|g; s|\\|/|g' | sort -u
}

# True if a failed restore shows only packages that the registry lacks, and only in projects that the filter
# leaves out. Anything else is a fault of ours, or of the moment, and must not be passed over.
lacks_only_what_the_filter_leaves_out() {
    local errors line project code
    errors=$(grep -oE '[^ ]+\.csproj : error [A-Z]+[0-9]+' "$1" | sort -u) || return 1
    while read -r line; do
        project=${line%%.csproj*}
        code=${line##* }
        case $code in NU1101|NU1102|NU1103|NU1301|NU1603) ;; *) return 1 ;; esac
        if projects_of Grid.Embedded.slnf | grep -qF "/${project##*/}.csproj"; then return 1; fi
    done <<<"$errors"
}

restore() { dotnet restore "$1" --nologo -v q >"$2" 2>&1; }

# Debian keeps PostgreSQL's own programs out of the PATH.
has_program() { command -v "$1" >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/$1" >/dev/null; }

# A Debian package that a test needs for a program: installed where that can be done, else named. With CI=true the tests
# that need it fail without it. Nothing that a package would start is started, and PostgreSQL makes no cluster of its own.
need_program() {
    local program=$1 package=$2 more=("${@:3}")
    if has_program "$program"; then return; fi
    if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
        echo "Installing $package, for $program."
        local policy=/usr/sbin/policy-rc.d made=0
        if [[ ! -e $policy ]]; then printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && made=1; fi
        local clusters=/etc/postgresql-common/createcluster.d
        mkdir -p "$clusters" && printf 'create_main_cluster = false\n' >"$clusters/grid-tests.conf"
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package" ${more[@]+"${more[@]}"}; } \
            >"$out/install-$package.log" 2>&1 || true
        if ((made)); then rm -f "$policy"; fi
        rm -f "$clusters/grid-tests.conf"
    fi
    if ! has_program "$program"; then
        echo "Missing: $program (package $package); the tests that need it fail."
    fi
}

need_programs() {
    need_program chromium chromium fonts-dejavu-core
    need_program promtool prometheus
    need_program curl curl
    need_program wrk wrk
    need_program initdb postgresql
    need_program pgbouncer pgbouncer
}

choose_solution() {
    solution=Grid.sln
    if restore Grid.sln "$out/restore.log" || restore Grid.sln "$out/restore.log"; then
        echo "Solution: Grid.sln, all of it."
        return
    fi
    if ! lacks_only_what_the_filter_leaves_out "$out/restore.log"; then
        give_up "Grid.sln does not restore:" "$out/restore.log"
    fi
    solution=Grid.Embedded.slnf
    if ! restore "$solution" "$out/restore-embedded.log"; then
        give_up "Neither Grid.sln nor Grid.Embedded.slnf restores:" "$out/restore-embedded.log"
    fi
    echo "Solution: Grid.Embedded.slnf. The package registry lacks what the rest of Grid.sln needs:"
    grep -oE 'error NU1[0-9]+: .*' "$out/restore.log" | sed 's/ (No packages exist|\[).*//' -E | sort -u | head -n 20 || true
}

build() {
    echo "Building $solution, warnings as errors."
    if ! dotnet build "$solution" -c Release --no-restore --nologo -v q -warnaserror >"$out/build.log" 2>&1; then
        give_up "The build failed:" "$out/build.log"
    fi
}

# Programs of others, which some tests run with node. A test that needs one that is missing says so and fails.
install_node_programs() {
    local folder
    for folder in tests/Grid.Gateway.Tests/Node tests/Grid.Storage.Tests/Parquet/Node; do
        if ! command -v npm >/dev/null; then echo "npm is missing: $folder is not installed."; continue; fi
        npm ci --prefix "$folder" --no-audit --no-fund --ignore-scripts >"$out/npm.log" 2>&1 || { echo "npm ci failed in $folder:"; tail -n 5 "$out/npm.log"; }
    done
}

# A number out of the runner's closing line, which reads
# "   Grid.X.Tests  Total: 5, Errors: 0, Failed: 0, Skipped: 0, Not Run: 0, Time: 0.123s".
count_of() { local n; n=$(sed -nE "s/.*[ ,]$1: ([0-9]+).*/\1/p" <<<"$2"); echo "${n:-0}"; }

run_project() {
    local name=$1 program=tests/$1/bin/Release/net10.0/$1.dll log=$out/$1.log
    local code=0 summary total errors bad left unrun started=$SECONDS

    if [[ -z $(find "tests/$name" -name '*.cs' -not -path '*/obj/*' -not -path '*/bin/*' -print -quit) ]]; then
        printf '  %-22s has no sources yet\n' "$name"
        return
    fi

    local limit=()
    if command -v timeout >/dev/null; then limit=(timeout -k 10 "${minutes_per_project_max}m"); fi
    ${limit[@]+"${limit[@]}"} \
        dotnet exec "$program" -noLogo -noColor -longRunning 30 -trx "$out/$name.trx" >"$log" 2>&1 || code=$?

    summary=$(grep -E "^ +${name//./\\.}  Total: [0-9]+" "$log" | tail -n 1 || true)
    # The results file is written last, so a host that died or was ended early has none.
    if [[ -z $summary || ! -s $out/$name.trx ]]; then
        printf '  %-22s ended with code %d before it could report\n' "$name" "$code"
        { grep -vE '^ +at ' "$log" | tail -n 30; grep -E '^ +at ' "$log" | head -n 15; } | cut -c 1-240 | sed "s|$root/||g" || true
        failed=$((failed + 1))
        return
    fi

    total=$(count_of Total "$summary"); errors=$(count_of Errors "$summary")
    bad=$(count_of Failed "$summary"); left=$(count_of Skipped "$summary"); unrun=$(count_of 'Not Run' "$summary")
    passed=$((passed + total - bad - left - unrun))
    skipped=$((skipped + left + unrun))

    bad=$((bad + errors))
    if ((bad == 0 && code != 0)); then
        bad=1
        echo "  $name ended with code $code although no test failed"
    fi
    if ((total == 0)); then
        bad=$((bad + 1))
        echo "  $name has sources but ran no test"
    fi
    failed=$((failed + bad))
    printf '  %-22s %5d tests, %d bad, %d s\n' "$name" "$total" "$bad" "$((SECONDS - started))"
    if ((bad > 0)); then
        grep -vE '^ *(Starting|Discover|Finished)' "$log" | head -n 200 | sed "s|$root/||g" || true
    fi
}

main() {
    need_programs
    choose_solution
    build
    install_node_programs
    echo "Testing$( ((long)) && echo ', long tests too' || true)."
    local name
    for name in $(projects_of "$solution" | sed -nE 's|^tests/([^/]+\.Tests)/.*|\1|p'); do
        run_project "$name"
    done
    finish
}

if ((long)); then
    log=tests/Grid.Benchmarks/Results/long-tests.log
    mkdir -p "${log%/*}"
    ( main ) 2>&1 | tee "$log"
else
    main
fi
