# `make run` and `make test` do their own set-up: a system with Rust and git is enough.

.PHONY: run setup test lint sql bench

# Docket on http://127.0.0.1:8080 (DOCKET_PORT), its data in .docket; further flags in ARGS.
run: setup
	cargo run --release --bin docket -- up $(ARGS)

# What the system has to bring: a C compiler, Postgres, nats-server.
setup:
	@deploy/setup.sh

# Every test, on a real Postgres and a real nats-server.
test:
	@deploy/setup.sh --tests
	@deploy/test-servers.sh .ci/tests

# Formatting, lints, SQL, documentation, licences, the shape of the tree.
lint: setup
	@.ci/lint

# What Postgres says of the statements, in .sqlx: to be run when one changes, or a table.
sql: setup
	@deploy/test-servers.sh deploy/prepare-sql.sh

# Speed, as ratios of one run on this machine.
bench: setup
	@deploy/test-servers.sh --durable .ci/benches
