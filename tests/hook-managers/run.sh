#!/bin/sh
# Runs the review under the hook managers people use, with real commits.
# usage: tests/hook-managers/run.sh PROGRAM CACHE
#   PROGRAM  the git-auth-review to test
#   CACHE    a folder for the managers, which come from PyPI and npm
set -eu

program=$(realpath "$1")
mkdir -p "$2"
cache=$(realpath "$2")
source=$(realpath "$(dirname "$0")/../..")
demo=$source/src/cli/demo
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python=$cache/hook-managers-python
node=$cache/hook-managers-node
if [ ! -x "$python/bin/prek" ]; then
    python3 -m venv "$python"
    "$python/bin/pip" install --quiet --disable-pip-version-check pre-commit prek
fi
if [ ! -x "$node/node_modules/.bin/simple-git-hooks" ]; then
    mkdir -p "$node"
    # Without its install script, which would write hooks into the repository around it.
    (cd "$node" && npm install --silent --no-audit --no-fund --ignore-scripts --prefix . husky lefthook simple-git-hooks)
fi

PATH=$(dirname "$program"):$python/bin:$node/node_modules/.bin:$PATH
HOME=$work/home
mkdir "$HOME"
# Nothing of the user's settings plays a part, no daemon is started, and a review that breaks fails the test.
export PATH HOME CI=1 GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=Test GIT_AUTHOR_EMAIL=test@example.com GIT_COMMITTER_NAME=Test GIT_COMMITTER_EMAIL=test@example.com

fail() {
    echo "FAILED: $manager: $*" >&2
    cat "$work/output" >&2
    exit 1
}

passes() {
    what=$1
    shift
    "$@" >"$work/output" 2>&1 || fail "$what should pass"
}

stopped() {
    what=$1
    shift
    head=$(git rev-parse HEAD)
    if "$@" >"$work/output" 2>&1; then
        fail "$what should be stopped"
    fi
    grep -q migration-missing-for-plugin "$work/output" || fail "$what should be stopped by the review"
    [ "$(git rev-parse HEAD)" = "$head" ] || fail "$what should not be there"
}

# One repository with the demo's application, made ready by the function install_<manager>.
try() {
    manager=$1
    mkdir "$work/$manager"
    cd "$work/$manager"
    git init --quiet
    cp -R "$demo/app/." .
    "install_$manager" >"$work/output" 2>&1 || fail "installation"
    git add --all
    passes "the application" git commit -m application

    cp -R "$demo/passkey/." .
    stopped "commit -a of a plugin without its table" git commit -am plugin

    git add src/lib/auth.ts
    git show HEAD:src/lib/auth.ts >src/lib/auth.ts
    stopped "a plugin in the index only" git commit -m plugin

    git reset --quiet --hard
    cp -R "$demo/passkey/." .
    echo notes >notes.txt
    git add notes.txt
    passes "a plugin in the work tree only" git commit -m notes

    cp -R "$demo/repair/." .
    passes "the plugin with its table" git commit -am plugin
    echo "ok: $manager"
}

# The installer must see that the manager writes the hook files, and not write one that would be lost.
refuses() {
    if git auth-review install --method shim; then
        echo "install should have refused"
        return 1
    fi
}

install_pre_commit() {
    cp "$source/hooks/pre-commit-framework/.pre-commit-config.yaml" .
    pre-commit install
}

install_prek() {
    cp "$source/hooks/pre-commit-framework/.pre-commit-config.yaml" .
    prek install
}

# The framework runs something else, and our hook file runs in front of its own.
install_pre_commit_chained() {
    cat >.pre-commit-config.yaml <<'EOF'
repos:
  - repo: local
    hooks:
      - {id: other, name: other, entry: "true", language: system, always_run: true, pass_filenames: false}
EOF
    git add .pre-commit-config.yaml
    pre-commit install
    git auth-review install --method shim
}

install_lefthook() {
    printf 'pre-push:\n  commands: {}\n' >lefthook.yml
    refuses
    cp "$source/hooks/lefthook/lefthook.yml" .
    lefthook install
    git auth-review install --method shim
}

install_simple_git_hooks() {
    echo '{ "pre-commit": "true" }' >.simple-git-hooks.json
    refuses
    cp "$source/hooks/simple-git-hooks/.simple-git-hooks.json" .
    simple-git-hooks
    git auth-review install --method shim
}

install_husky() {
    husky
    refuses
    cp "$source"/hooks/husky/* .husky/
    git auth-review install --method shim
}

manager=pre-commit
passes "the manifest" pre-commit validate-manifest "$source/.pre-commit-hooks.yaml"
for each in pre_commit prek pre_commit_chained lefthook simple_git_hooks husky; do
    try "$each"
done
