package data

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
)

// register stores the sample index and then, in one transaction, the version.
func (d *draft) register() (*Version, error) {
	index, err := encodeIndex(d.samples, d.entries)
	if err != nil {
		return nil, err
	}
	if d.m.Samples, err = d.st.Blobs.PutBytes(index); err != nil {
		return nil, err
	}
	manifest, err := json.Marshal(&d.m)
	if err != nil {
		return nil, fmt.Errorf("write the manifest: %w", err)
	}
	sum := sha256.Sum256(manifest)
	hash := hex.EncodeToString(sum[:])
	if err := d.insert(hash, string(manifest)); err != nil {
		return nil, err
	}
	return Open(d.st, hash)
}

// insert registers the version under the dataset's next number, unless it is
// registered already.
func (d *draft) insert(hash, manifest string) error {
	now := time.Now().UnixMilli()
	return d.st.Tx(d.ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(d.ctx, `INSERT INTO datasets (name, created) VALUES (?, ?) ON CONFLICT DO NOTHING`, d.m.Name, now); err != nil {
			return fmt.Errorf("register the dataset: %w", err)
		}
		_, err := tx.ExecContext(d.ctx, `INSERT INTO versions (hash, dataset, number, kind, task, target, count, manifest, created)
			SELECT ?, ?, 1 + coalesce(max(number), 0), ?, ?, ?, ?, ?, ? FROM versions WHERE dataset = ?
			ON CONFLICT (hash) DO NOTHING`,
			hash, d.m.Name, d.m.Kind, d.m.Task, d.m.Target, d.m.Count, manifest, now, d.m.Name)
		if err != nil {
			return fmt.Errorf("register the version: %w", err)
		}
		return nil
	})
}

const versionColumns = `SELECT dataset, number, hash, created, manifest FROM versions `

// Open returns the version that ref names: "name" for its newest, "name@3", or
// the first eight digits at least of its hash. An unknown one is fault.NotFound,
// with the nearest names.
func Open(st *store.Store, ref string) (*Version, error) {
	where, args := `WHERE dataset = ? ORDER BY number DESC LIMIT 1`, []any{ref}
	if name, number, ok := strings.Cut(ref, "@"); ok {
		n, err := strconv.Atoi(number)
		if err != nil {
			return nil, fault.Errorf(fault.Invalid, "%q names no version; write NAME@NUMBER, such as %s@1.", ref, name)
		}
		where, args = `WHERE dataset = ? AND number = ?`, []any{name, n}
	}
	v, err := openWhere(st, where, args...)
	if errors.Is(err, sql.ErrNoRows) && len(ref) >= 8 && isHex(ref) {
		v, err = openHash(st, ref)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil, unknownDataset(st, ref)
	}
	return v, st.Explain(err)
}

func openHash(st *store.Store, prefix string) (*Version, error) {
	return openWhere(st, `WHERE hash >= ? AND hash < ? LIMIT 1`, prefix, prefix+"g")
}

func isHex(s string) bool {
	return len(s) <= 64 && strings.Trim(s, "0123456789abcdef") == ""
}

func openWhere(st *store.Store, where string, args ...any) (*Version, error) {
	return scanVersion(st, st.DB.QueryRow(versionColumns+where, args...).Scan)
}

func scanVersion(st *store.Store, scan func(...any) error) (*Version, error) {
	v := &Version{blobs: st.Blobs}
	var created int64
	var manifest string
	if err := scan(&v.Dataset, &v.Number, &v.Hash, &created, &manifest); err != nil {
		return nil, err
	}
	v.Created = time.UnixMilli(created)
	if err := json.Unmarshal([]byte(manifest), &v.Manifest); err != nil {
		return nil, fmt.Errorf("read the manifest of %s: %w", v.Ref(), err)
	}
	return v, nil
}

func unknownDataset(st *store.Store, ref string) error {
	versions, err := List(st)
	if err != nil {
		return err
	}
	if len(versions) == 0 {
		return fault.Errorf(fault.NotFound, "There is no dataset %q; none has been imported yet.", ref)
	}
	name, _, _ := strings.Cut(ref, "@")
	var names []string
	for _, v := range versions {
		if v.Dataset == name {
			return fault.Errorf(fault.NotFound, "The dataset %q has no version %q; its newest is %s.", name, ref, v.Ref())
		}
		if len(names) == 0 || names[len(names)-1] != v.Dataset {
			names = append(names, v.Dataset)
		}
	}
	return fault.Errorf(fault.NotFound, "There is no dataset %q.%s", ref, didYouMean(name, names))
}

// List returns all versions, by name and then the newest first.
func List(st *store.Store) ([]*Version, error) {
	rows, err := st.DB.QueryContext(context.Background(), versionColumns+`ORDER BY dataset, number DESC`)
	if err != nil {
		return nil, st.Explain(fmt.Errorf("list the datasets: %w", err))
	}
	defer rows.Close()
	var versions []*Version
	for rows.Next() {
		v, err := scanVersion(st, rows.Scan)
		if err != nil {
			return nil, err
		}
		versions = append(versions, v)
	}
	return versions, st.Explain(rows.Err())
}
