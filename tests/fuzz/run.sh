#!/bin/sh
# Feeds the readers with mutated input: run.sh MINUTES [TARGET]…, all targets when none is named.
#
# Inputs that reach new code are kept below target/corpus, those that crash or take too long below artifacts.
set -eu
cd "$(dirname "$0")"

seconds=$((60 * $1))
shift
targets=${*:-$(cargo +nightly fuzz list --fuzz-dir .)}
for target in $targets; do
    mkdir -p "target/corpus/$target"
    set -- "target/corpus/$target" "corpus/$target"
    # A whole review is fed with the same code as its first step, too.
    [ "$target" = review ] && set -- "$@" corpus/code
    cargo +nightly fuzz run --fuzz-dir . "$target" "$@" -- \
        -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1
done
