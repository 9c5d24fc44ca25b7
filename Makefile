# SPDX-License-Identifier: GPL-2.0
#
# The way in. Each verb is one script of harness/, run in a Debian root that is
# made on first use.

TEST_K := $(K)
K ?= 6.12
V ?= debug
export K V KDIR JOBS ACCEL MIRROR SECURITY_MIRROR IOASID_CACHE MINUTES STEPS SEED OPS CORE CALLS QUICK
FLAVOUR ?= amd64

IN := harness/enter

help:
	@sed -n 's/^## //p' Makefile

## make run             three VMs share the PASIDs of an emulated VT-d: a report
run:
	@$(IN) harness/run $(K)

## make test            everything that must be green, on every kernel unless K=
##                      names one; ends with the count
test:
	@$(IN) harness/test $(TEST_K)

##
## The parts (K=6.12|7.3, V=debug|release):
## make kunit           the KUnit suites, on UML
kunit:
	@$(IN) harness/kunit $(K)

## make coverage        what the KUnit suites reach in the core: lines, branches
coverage:
	@$(IN) harness/coverage $(K)

## make mutants         for a night: does a test notice each way to break the core?
##                      ONLY=text: those that have it in their name
mutants:
	@$(IN) harness/mutants $(K) --only "$(ONLY)"

## make bench-check     the core as a program: against a reference, with sanitizers.
##                      MINUTES=n for each part, SEED=n, STEPS=n, OPS=n of the model
bench-check:
	@$(IN) harness/bench $(K) check

## make bench           what the core costs, compared with what else hands out numbers:
##                      a table, plots, and the goals; QUICK=1 for a minute of it
bench:
	@[ -n "$(QUICK)" ] || harness/peer61
	@$(IN) harness/speed $(K)

## make fuzz            the fuzzer alone; MINUTES=n
fuzz:
	@$(IN) harness/bench $(K) fuzz

## make selftest        the kselftests and KUnit in the booted machine
selftest:
	@$(IN) harness/boot $(K) $(V)

## make boot PLAN=name  one plan of harness/plan; kcsan looks for data races (6.12),
##                      fuzz makes a million calls (CALLS=n, SEED=n)
boot:
	@$(IN) harness/boot $(K) $(PLAN)

## make arm64           the kselftests and KUnit on arm64, behind an SMMUv3
arm64:
	@WITH=more $(IN) harness/boot $(K) arm64-nopasid
	@WITH=more $(IN) harness/boot $(K) arm64

## make migrate         a VM moves from one booted machine to another
migrate:
	@$(IN) harness/migrate $(K)

## make regress         upstream's own tests, without the series and with it
regress:
	@$(IN) harness/regress $(K)

## make trust           all of that is random, raced or compared, for a night; MINUTES=n
##                      for each part of bench-check and for soak
trust:
	@$(IN) harness/test "$(TEST_K)" trust

## make soak            everything random for MINUTES=n: does anything fail or grow?
soak:
	@$(IN) harness/soak $(K)

## make lint            checkpatch, sparse, gcc and clang W=1, uAPI headers
lint:
	@$(IN) harness/lint $(K)

## make docs            our documentation as HTML and kernel-doc, without a warning
docs:
	@$(IN) harness/docs $(K)

## make ioasidctl       the administrator's tool, for this machine, in out/ioasidctl
ioasidctl:
	@$(IN) harness/tool $(K)

## make build           the kernel alone
build:
	@$(IN) harness/build $(K) $(V)

## make check-harness   does the harness notice when things go wrong?
check-harness:
	@$(IN) harness/selftest/all $(K)

## make shell           a prompt in the booted machine
shell:
	@$(IN) harness/boot $(K) shell

##
## make series          out/series/$K: patches for git am or git send-email
series:
	@$(IN) harness/series $(K)

## make check-series    they apply, give the tested tree, have no finding of lint, and
##                      after each the kernel compiles without a warning in eight
##                      configurations, its pages build, and it passes the KUnit suites
##                      that there are. MATRIX=name: one of these alone
check-series:
	@$(if $(MATRIX),,$(IN) harness/series $(K) prove && $(IN) harness/lint $(K))
	@$(IN) harness/matrix $(K) $(MATRIX)

## make apply KDIR=...  the series onto a kernel tree of your own
apply:
	@$(if $(KDIR),,$(error say which tree: make KDIR=/path/to/linux apply))
	@$(IN) harness/apply $(K)

## make deb             for hours, and to be interrupted: Debian packages of the kernel
##                      in its own configuration, of ioasidctl and of the tests, and
##                      a Debian disk with them, booted. FLAVOUR=cloud-amd64 is for VMs
deb:
	@WITH=more $(IN) harness/deb $(K) $(FLAVOUR)

## make release         what was tested, the series and the packages of this commit,
##                      stamped with the version of CHANGELOG.md, in out/release
release:
	@$(IN) harness/release

##
## make clean           what was built here; the Debian root and ccache stay
clean:
	rm -rf out

## make clean-cache     those as well
clean-cache:
	@harness/sysroot clean

.PHONY: help run test arm64 kunit coverage mutants bench-check bench fuzz regress soak trust selftest boot migrate lint docs ioasidctl build check-harness shell \
	series check-series apply deb release clean clean-cache
