# Sourced by the system tests: `ok - ` and `not ok - ` lines, a scratch folder, an exit status.
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
failed=0
scratch=$(mktemp -d)
children=
finish() {
	for child in $children; do kill "$child" 2>/dev/null; done
	rm -rf "$scratch"
}
trap finish EXIT

# check WHAT COMMAND...: runs it and reports.
check() {
	what=$1
	shift
	if "$@"; then
		echo "ok - $what"
	else
		echo "not ok - $what"
		failed=1
	fi
}
