package model

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
)

// Registry is the numbered model versions of a home.
type Registry struct{ st *store.Store }

// Entry is one registered version.
type Entry struct {
	Name    string
	Version int
	Dir     string // absolute
	Card    Card
	Created time.Time
}

// Ref returns NAME@VERSION.
func (e *Entry) Ref() string { return fmt.Sprintf("%s@%d", e.Name, e.Version) }

// NewRegistry gives access to the models of a home.
func NewRegistry(st *store.Store) *Registry { return &Registry{st} }

var goodName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$`)

// CheckName says what is wrong with a model's name; nil when it is good.
func CheckName(name string) error {
	if !goodName.MatchString(name) {
		return fault.Errorf(fault.Invalid, "%q cannot name a model; use up to 100 letters, digits, dots, dashes and underscores.", name)
	}
	return nil
}

// Register moves the package in dir, which Write made inside the home (see
// store.TempDir), into the registry under the next free version of card.Name and
// returns NAME@VERSION. The package's card becomes card with that version.
// Processes that register at the same time get different versions.
func (r *Registry) Register(ctx context.Context, dir string, card Card) (ref string, err error) {
	if err := CheckName(card.Name); err != nil {
		return "", err
	}
	pkg, err := Open(dir)
	if err != nil {
		return "", err
	}
	if card.Created.IsZero() {
		card.Created = time.Now()
	}
	err = r.st.Tx(ctx, func(tx *sql.Tx) error {
		var last int
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM models WHERE name = ?`, card.Name).Scan(&last); err != nil {
			return fmt.Errorf("register model: %w", err)
		}
		card.Version = last + 1
		text, err := marshalCard(card)
		if err != nil {
			return err
		}
		place := filepath.Join(card.Name, strconv.Itoa(card.Version))
		if _, err := tx.ExecContext(ctx, `INSERT INTO models (name, version, dir, card, run_id, dataset_hash, created) VALUES (?,?,?,?,?,?,?)`,
			card.Name, card.Version, filepath.ToSlash(place), string(text), card.Run, card.DatasetHash, store.Millis(card.Created)); err != nil {
			return fmt.Errorf("register model: %w", err)
		}
		return r.install(pkg, card, filepath.Join(r.st.ModelsDir(), place))
	})
	if err != nil {
		return "", r.st.Explain(err)
	}
	return fmt.Sprintf("%s@%d", card.Name, card.Version), os.RemoveAll(dir)
}

// install puts the package at its place. The caller's transaction keeps others
// off; what lies there already is left from a process that died in between.
func (r *Registry) install(pkg *Package, card Card, place string) error {
	if err := os.RemoveAll(place); err != nil {
		return err
	}
	return writePackage(place, pkg.onnx, card)
}

// List returns all versions: names in order, the newest version of each first.
func (r *Registry) List(ctx context.Context) ([]Entry, error) {
	return r.query(ctx, `ORDER BY name, version DESC`)
}

// Place is where a registered version lies.
type Place struct {
	Name    string
	Version int
	Dir     string // absolute
}

// Ref returns NAME@VERSION.
func (p *Place) Ref() string { return fmt.Sprintf("%s@%d", p.Name, p.Version) }

// Index is List without the cards, for those who ask often.
func (r *Registry) Index(ctx context.Context) ([]Place, error) {
	rows, err := r.st.DB.QueryContext(ctx, `SELECT name, version, dir FROM models ORDER BY name, version DESC`)
	if err != nil {
		return nil, r.st.Explain(fmt.Errorf("read the registry: %w", err))
	}
	defer rows.Close()
	var places []Place
	for rows.Next() {
		var p Place
		if err := rows.Scan(&p.Name, &p.Version, &p.Dir); err != nil {
			return nil, fmt.Errorf("read the registry: %w", err)
		}
		p.Dir = r.absolute(p.Dir)
		places = append(places, p)
	}
	return places, r.st.Explain(rows.Err())
}

func (r *Registry) absolute(dir string) string {
	return filepath.Join(r.st.ModelsDir(), filepath.FromSlash(dir))
}

// Get returns the entry for NAME@VERSION or, for a bare NAME, its newest one.
// A missing one is fault.NotFound with the nearest names.
func (r *Registry) Get(ctx context.Context, ref string) (*Entry, error) {
	name, number, err := splitRef(ref)
	if err != nil {
		return nil, err
	}
	entries, err := r.query(ctx, `WHERE name = ? AND (? = 0 OR version = ?) ORDER BY version DESC LIMIT 1`, name, number, number)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return nil, r.missing(ctx, ref, name)
	}
	return &entries[0], nil
}

// Open opens the package of NAME@VERSION, of the newest version of NAME, or in
// a folder given by its path.
func (r *Registry) Open(ctx context.Context, ref string) (*Package, error) {
	if isPath(ref) {
		return Open(ref)
	}
	entry, err := r.Get(ctx, ref)
	if err == nil {
		return Open(entry.Dir)
	}
	if _, statErr := os.Stat(filepath.Join(ref, CardFile)); statErr == nil {
		return Open(ref)
	}
	return nil, err
}

func isPath(ref string) bool {
	return strings.HasPrefix(ref, ".") || strings.ContainsAny(ref, `/\`)
}

func splitRef(ref string) (name string, version int, err error) {
	name, number, has := strings.Cut(ref, "@")
	if !has {
		return name, 0, nil
	}
	version, err = strconv.Atoi(number)
	if err != nil || version < 1 {
		return "", 0, fault.Errorf(fault.Invalid, "%q is no model; write NAME, NAME@VERSION such as digits@2, or the path of a model's folder.", ref)
	}
	return name, version, nil
}

func (r *Registry) query(ctx context.Context, where string, args ...any) ([]Entry, error) {
	rows, err := r.st.DB.QueryContext(ctx, `SELECT name, version, dir, card, created FROM models `+where, args...)
	if err != nil {
		return nil, r.st.Explain(fmt.Errorf("read the registry: %w", err))
	}
	defer rows.Close()
	var entries []Entry
	for rows.Next() {
		var (
			e         Entry
			dir, card string
			created   int64
		)
		if err := rows.Scan(&e.Name, &e.Version, &dir, &card, &created); err != nil {
			return nil, fmt.Errorf("read the registry: %w", err)
		}
		if err := json.Unmarshal([]byte(card), &e.Card); err != nil {
			return nil, fmt.Errorf("read the card of %s: %w", e.Ref(), err)
		}
		e.Dir, e.Created = r.absolute(dir), store.Time(created)
		entries = append(entries, e)
	}
	return entries, r.st.Explain(rows.Err())
}

func (r *Registry) missing(ctx context.Context, ref, name string) error {
	entries, err := r.List(ctx)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return fault.Errorf(fault.NotFound, "There is no model %q: this home holds none yet; `macaw make` makes one.", ref)
	}
	var names []string
	for _, e := range entries {
		if e.Name == name {
			return fault.Errorf(fault.NotFound, "There is no model %q; the newest version is %s.", ref, e.Ref())
		}
		if len(names) == 0 || names[len(names)-1] != e.Name {
			names = append(names, e.Name)
		}
	}
	near := fault.Nearest(name, names, 3)
	if len(near) == 0 {
		return fault.Errorf(fault.NotFound, "There is no model %q; `macaw models ls` lists them.", ref)
	}
	return fault.Errorf(fault.NotFound, "There is no model %q; did you mean %s?", ref, strings.Join(near, ", "))
}
