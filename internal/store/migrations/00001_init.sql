-- Times are Unix milliseconds, 0 for never. Empty text stands for "none".

-- +goose Up
CREATE TABLE datasets (
	name    TEXT PRIMARY KEY,
	created INTEGER NOT NULL
) STRICT;

CREATE TABLE versions (
	hash     TEXT PRIMARY KEY,    -- sha256 of the manifest, hex
	dataset  TEXT NOT NULL REFERENCES datasets (name) ON DELETE CASCADE,
	number   INTEGER NOT NULL,    -- 1, 2, 3... within the dataset
	kind     TEXT NOT NULL,       -- image, table, text
	task     TEXT NOT NULL,
	target   TEXT NOT NULL,
	count    INTEGER NOT NULL,    -- samples
	manifest TEXT NOT NULL,       -- JSON; big lists are blobs that it names
	created  INTEGER NOT NULL,
	UNIQUE (dataset, number)
) STRICT;

CREATE TABLE runs (
	id             TEXT PRIMARY KEY,
	name           TEXT NOT NULL,
	dataset_hash   TEXT NOT NULL,
	task           TEXT NOT NULL,
	metric         TEXT NOT NULL,
	search_key     TEXT NOT NULL, -- equal for the very same search
	status         TEXT NOT NULL CHECK (status IN ('running', 'done', 'stopped', 'failed')),
	seed           INTEGER NOT NULL,
	budget_seconds REAL NOT NULL, -- 0: limited by trials
	trials         INTEGER NOT NULL, -- 0: limited by the budget
	config         TEXT NOT NULL, -- JSON
	spent_seconds  REAL NOT NULL,
	best           INTEGER NOT NULL, -- trial number from 1, 0 for none yet
	validation     REAL,          -- NULL: not known
	test           REAL,
	model          TEXT NOT NULL, -- NAME@VERSION
	report_blob    TEXT NOT NULL,
	error          TEXT NOT NULL,
	started        INTEGER NOT NULL,
	finished       INTEGER NOT NULL
) STRICT;
CREATE INDEX runs_by_key ON runs (search_key);
CREATE INDEX runs_by_start ON runs (started);

CREATE TABLE trials (
	run_id   TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
	number   INTEGER NOT NULL,
	recipe   TEXT NOT NULL,
	config   TEXT NOT NULL,       -- JSON
	rung     INTEGER NOT NULL,
	fidelity REAL NOT NULL,
	status   TEXT NOT NULL CHECK (status IN ('running', 'done', 'stopped', 'failed')),
	metric   REAL,                -- NULL: not known
	loss     REAL,
	seconds  REAL NOT NULL,
	steps    INTEGER NOT NULL,
	artifact TEXT NOT NULL,       -- blob
	detail   TEXT NOT NULL,       -- JSON
	created  INTEGER NOT NULL,
	PRIMARY KEY (run_id, number)
) STRICT;

-- Learning curves: name is "loss", "val_accuracy", "lr"...
CREATE TABLE points (
	run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
	trial  INTEGER NOT NULL,
	name   TEXT NOT NULL,
	step   INTEGER NOT NULL,
	value  REAL,                  -- NULL: not a number
	at     INTEGER NOT NULL,
	PRIMARY KEY (run_id, trial, name, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE models (
	name         TEXT NOT NULL,
	version      INTEGER NOT NULL,
	dir          TEXT NOT NULL,   -- relative to home
	card         TEXT NOT NULL,   -- JSON
	run_id       TEXT NOT NULL,
	dataset_hash TEXT NOT NULL,
	created      INTEGER NOT NULL,
	PRIMARY KEY (name, version)
) STRICT;

-- +goose Down
DROP TABLE models;
DROP TABLE points;
DROP TABLE trials;
DROP TABLE runs;
DROP TABLE versions;
DROP TABLE datasets;
