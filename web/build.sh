#!/bin/sh
# Builds the page's script and stylesheet into web/dist. Silent and quick when everything is up to date.
set -eu
cd "$(dirname "$0")"

stamp=dist/.stamp
inputs=$(cat package.json package-lock.json tsconfig.json src/* | sha256sum)
if [ -f "$stamp" ] && [ -f dist/app.js ] && [ -f dist/app.css ] && [ "$(cat "$stamp")" = "$inputs" ]; then
    exit 0
fi
if ! command -v npm >/dev/null; then
    echo "web/build.sh: npm is missing; deploy/bootstrap.sh installs it" >&2
    exit 1
fi
echo "web: building script and stylesheet"
# Package scripts are not run: esbuild and typescript do not need them.
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
npm run --silent check
npm run --silent bundle
printf '%s' "$inputs" > "$stamp"
