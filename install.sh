#!/bin/sh
# Builds git-auth-review from this source tree and installs it for the current user.
set -eu

usage() {
    cat <<'EOF'
Usage: ./install.sh [--prefix DIR] [--demo] [--uninstall]

Builds git-auth-review with cargo and installs the program, its manual page and its shell completions.

  --prefix DIR  install below DIR (default: $PREFIX, else ~/.local)
  --demo        run `git auth-review demo` afterwards
  --uninstall   remove what was installed below DIR
  --help        show this text
EOF
}

fail() {
    printf 'error: %s\n' "$1" >&2
    shift
    for hint in "$@"; do
        printf 'hint: %s\n' "$hint" >&2
    done
    exit 1
}

say() {
    printf '%s\n' "$*"
}

prefix=${PREFIX:-${HOME:?HOME is not set: give --prefix}/.local}
demo=false
uninstall=false
while [ $# -gt 0 ]; do
    case $1 in
        --prefix)
            [ $# -ge 2 ] || fail "--prefix needs a directory"
            prefix=$2
            shift
            ;;
        --prefix=*) prefix=${1#--prefix=} ;;
        --demo) demo=true ;;
        --uninstall) uninstall=true ;;
        -h | --help)
            usage
            exit 0
            ;;
        *) fail "unknown option $1" "./install.sh --help lists the options" ;;
    esac
    shift
done
case $prefix in
    /*) ;;
    *) prefix=$PWD/$prefix ;;
esac

program=$prefix/bin/git-auth-review
page=$prefix/share/man/man1/git-auth-review.1
bash_completion=$prefix/share/bash-completion/completions/git-auth-review
zsh_completion=$prefix/share/zsh/site-functions/_git-auth-review
fish_completion=$prefix/share/fish/vendor_completions.d/git-auth-review.fish

if $uninstall; then
    rm -f "$program" "$page" "$bash_completion" "$zsh_completion" "$fish_completion"
    say "Removed git-auth-review from $prefix. Hooks it left in repositories let every commit pass."
    exit 0
fi

command -v git >/dev/null || fail "git is not installed" "install it with the package manager of your system"
command -v cargo >/dev/null || fail "cargo is not installed: this builds a Rust program" "install Rust from https://rustup.rs"
command -v cc >/dev/null || fail "there is no C compiler: libgit2 and the parsers are C" \
    "Debian, Ubuntu: sudo apt install gcc libc6-dev" "macOS: xcode-select --install"

cd "$(dirname "$0")"
target_dir=${CARGO_TARGET_DIR:-$PWD/target}
host=$(rustc -vV | sed -n 's/^host: //p')

links_statically() {
    case $host in
        *-linux-*) ;;
        *) return 1 ;;
    esac
    probe=$(mktemp -d)
    printf 'int main(void) { return 0; }\n' >"$probe/probe.c"
    cc -static -o "$probe/probe" "$probe/probe.c" 2>/dev/null
    status=$?
    rm -rf "$probe"
    return $status
}

# Every commit waits for the program to start: a static program at a fixed address starts almost twice as fast. Its
# linking needs static system libraries, which not every system has.
if links_statically; then
    RUSTFLAGS='-C target-feature=+crt-static -C relocation-model=static' \
        cargo build --release --locked --bin git-auth-review --target "$host"
    built=$target_dir/$host/release/git-auth-review
else
    say "There is no static C library here: building a program that is linked dynamically."
    cargo build --release --locked --bin git-auth-review
    built=$target_dir/release/git-auth-review
fi

place() {
    mkdir -p "$(dirname "$2")"
    # Renaming replaces a program that is running, and never leaves half of one.
    cp "$1" "$2.new"
    mv -f "$2.new" "$2"
}
generated=$(mktemp -d)
trap 'rm -rf "$generated"' EXIT
"$built" man >"$generated/man"
"$built" completions bash >"$generated/bash"
"$built" completions zsh >"$generated/zsh"
"$built" completions fish >"$generated/fish"
place "$built" "$program"
place "$generated/man" "$page"
place "$generated/bash" "$bash_completion"
place "$generated/zsh" "$zsh_completion"
place "$generated/fish" "$fish_completion"
say "Installed $program, its manual page and completions."

case :$PATH: in
    *:"$prefix/bin":*) ;;
    *) say "Add $prefix/bin to PATH, so that git finds it as \`git auth-review\`." ;;
esac

if $demo; then
    say ""
    PATH=$prefix/bin:$PATH git auth-review demo
else
    say "In a repository: git auth-review install"
fi
