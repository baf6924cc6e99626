#!/bin/sh
# Builds the page's scripts and styles into web/dist. Silent and quick when everything is up to date.
set -eu
cd "$(dirname "$0")"

sum() { find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum; }

sources="package.json package-lock.json tsconfig.json build.mjs openapi.json src static"
# shellcheck disable=SC2086 # a list of names
inputs=$(sum $sources)
if [ -f dist/manifest.json ] && [ -f dist/.stamp ] && [ "$(cat dist/.stamp)" = "$inputs" ]; then
    exit 0
fi
if ! command -v npm >/dev/null; then
    echo "web/build.sh: npm is missing; deploy/bootstrap.sh installs it" >&2
    exit 1
fi
echo "web: building scripts and styles"
packages=$(sum package.json package-lock.json)
if [ ! -f node_modules/.stamp ] || [ "$(cat node_modules/.stamp)" != "$packages" ]; then
    # Package scripts are not run: nothing here needs them.
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    printf '%s' "$packages" > node_modules/.stamp
fi
# The client's types are part of the sources from here on.
node_modules/.bin/openapi-typescript openapi.json --output src/schema.d.ts >/dev/null
# shellcheck disable=SC2086 # a list of names
inputs=$(sum $sources)
npm run --silent check
npm run --silent build
printf '%s' "$inputs" > dist/.stamp
