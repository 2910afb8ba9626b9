#!/bin/sh
# original.sh DIR - fetches and builds an original Skycoin node and its command-line client: DIR/skycoin, DIR/skycoin-cli.
#
# Its source comes through the Go module proxy, which checks it against Go's public checksum database, and stays in DIR:
# it has no licence, so nothing of it may come into this tree. It dates from before Go modules; the versions of what it
# stands on are those of its Gopkg.lock, or the nearest with a number.
set -eu
VERSION=${ORIGINAL_VERSION:-v0.27.1}
[ $# = 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }
command -v go >/dev/null || { echo "$0: needs Go (Debian: golang-go)" >&2; exit 1; }
mkdir -p "$1"
cd "$1"
[ ! -x skycoin ] || [ ! -x skycoin-cli ] || exit 0
export GOFLAGS='-mod=mod -buildvcs=false' GOTOOLCHAIN=local

got=$(go mod download -json "github.com/skycoin/skycoin@$VERSION" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
[ -n "$got" ] || { echo "$0: the module proxy does not have $VERSION" >&2; exit 1; }
rm -rf src
cp -r "$got" src
chmod -R u+w src
cd src
cat > go.mod <<'M'
module github.com/skycoin/skycoin

go 1.17

require (
	github.com/NYTimes/gziphandler v1.0.1
	github.com/blang/semver v3.5.1+incompatible
	github.com/boltdb/bolt v1.3.1
	github.com/cenkalti/backoff v1.1.0
	github.com/mattn/go-colorable v0.1.16
	github.com/mgutz/ansi v0.0.0-20200706080929-d51e80ef957d
	github.com/prometheus/client_golang v1.0.0
	github.com/rs/cors v1.6.0
	github.com/shopspring/decimal v1.1.0
	github.com/sirupsen/logrus v1.1.1
	github.com/spf13/cobra v0.0.3
	github.com/spf13/pflag v1.0.3
	github.com/spf13/viper v1.2.1
	github.com/toqueteos/webbrowser v1.1.0
	github.com/urfave/cli v1.20.0
	golang.org/x/crypto v0.30.0
	golang.org/x/sys v0.30.0
)
M
go build -o .. ./cmd/skycoin ./cmd/skycoin-cli
