# The commands of this repository. Each installs what it needs on a fresh Debian 12 and may be repeated.
# `make` alone explains them; the work is done by tools/*.
JOBS    ?= $(shell tools/jobs.sh)
SECONDS ?= 60
MINUTES ?= 30
ONCE    ?= 0
BIN     := build/release/bin
export JOBS

.DEFAULT_GOAL := help
.PHONY: help build programs web demo run test screenshots package bench fuzz soak check clean

help:
	@echo 'make demo             build, then play one whole story: a chat that becomes a recorded video call'
	@echo '                      (ONCE=1: exit afterwards; else it keeps serving on a terminal; ARGS="--seconds 10 --json F")'
	@echo 'make test             every test there is, with the time of each layer'
	@echo 'make build            everything, tests included; programs: $(BIN)/{upcall,upcall-recorder,upcall-attendee}'
	@echo 'make run              build programs and pages, then serve on http://127.0.0.1:8080 with sample people, data in build/run'
	@echo '                      (for a phone on the same network: ARGS="--tls self-signed --listen 0.0.0.0:8443")'
	@echo 'make web              the web pages, in build/web; screenshots: docs/pictures anew'
	@echo 'make package          Debian packages of server, composer and pages, in build/packages'
	@echo 'make bench            benchmarks; JSON in build/bench/'
	@echo 'make fuzz             libFuzzer on every fuzz/*.cpp (SECONDS=60 each, TARGET=name for one); new inputs in build/fuzz/'
	@echo 'make soak             200 kills of composers and server, 2 000 chats, handovers, a pipeline's pushes, bad networks, a recording of 4 hours, then random meetings, recordings and demos for MINUTES=30'
	@echo 'make check            clang-tidy, ThreadSanitizer, and demo and test in a fresh Debian root (FRESH=0: without)'
	@echo 'make clean            removes build/'
	@echo 'JOBS=n compiles with n processes (default: cores, at most one a GiB of free memory).'

build:
	@tools/bootstrap.sh build
	@tools/build.sh release

# Whoever wants to see it run should not wait for the tests to compile.
programs:
	@tools/bootstrap.sh build
	@tools/build.sh release upcall upcall-recorder upcall-attendee

demo: programs
	@tools/demo.sh '$(ONCE)' $(ARGS)

# Without pages the server still serves: who has no network for npm gets the interfaces.
run: programs
	@if [ -f web/package.json ]; then tools/web.sh || echo 'run: make web failed' >&2; fi
	@tools/run.sh $(ARGS)

web:
	@tools/bootstrap.sh web
	@tools/web.sh

test:
	@tools/bootstrap.sh build test web browser
	@tools/bootstrap.sh s3 || echo 'test: no Ceph or no awscli here, the tests against a real S3 server or client are left out' >&2
	@python3 tools/test.py

# Every page in both themes, as a browser shows it; the pictures of the guides.
screenshots: programs web
	@tools/bootstrap.sh browser
	@tools/browser_tests.sh screenshots

package: programs web
	@tools/bootstrap.sh package
	@tools/package.sh

bench: build
	@tools/bootstrap.sh bench || echo 'bench: the original'"'"'s way cannot be run here (Xvfb, PulseAudio, ffmpeg, Firefox), it is left out' >&2
	@tools/bench.sh

fuzz:
	@tools/bootstrap.sh build fuzz
	@tools/fuzz.sh '$(SECONDS)' '$(TARGET)'

soak: build
	@tools/soak.sh '$(MINUTES)'

check:
	@tools/bootstrap.sh build test web browser check
	@tools/check.sh

clean:
	rm -rf build
