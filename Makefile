# setup: Debian packages · build: binaries in .build/release · demo: a simulated night · test · bench · format · lint
# There is one configuration, release: tests build in it too, and nothing is built twice.
.PHONY: setup build test demo bench format lint template

PACKAGES = libcfitsio-dev libfftw3-dev libsqlite3-dev libinotifytools0-dev liblapacke-dev libpng-dev libsep-dev wcslib-dev zlib1g-dev
TEST_PACKAGES = fitsverify python3-astropy sqlite3
SOURCES = Package.swift Sources Tests $(wildcard Benchmarks)

build: setup
	swift build -c release

setup:
	@.ci/setup $(PACKAGES)

test: setup
	@.ci/setup --optional $(TEST_PACKAGES)
	swift build -c release --build-tests
	@.ci/test

# The long form of the fault-injection tests (Tests/EndToEnd/Torture/README.md), and its last part alone.
.PHONY: torture fuzz
torture: setup
	swift build -c release --build-tests
	@sh Tests/EndToEnd/Torture/run.sh

fuzz: build
	@sh Fuzz/run.sh

demo: build
	sh config/examples/demo.sh

bench: build
	sh Benchmarks/run.sh

SOURCES += $(wildcard Fuzz)

format:
	swift format --in-place --recursive $(SOURCES)

lint:
	swift format lint --strict --recursive $(SOURCES)

# The four folders that `irisarchive init` lays down, as one file inside the program.
template:
	@mkdir -p .build
	sh Sources/Template/generate.sh >.build/template.json
	mv .build/template.json Sources/Template/template.json
