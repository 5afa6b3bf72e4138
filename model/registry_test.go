package model

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
)

func openStore(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

func register(t *testing.T, st *store.Store, name string) string {
	t.Helper()
	dir, cleanup, err := st.TempDir("model-*")
	if err != nil {
		t.Fatal(err)
	}
	defer cleanup()
	m, card := twoClasses()
	card.Name = name
	if err := Write(dir, m, card); err != nil {
		t.Fatal(err)
	}
	ref, err := NewRegistry(st).Register(context.Background(), dir, card)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func TestRegistry(t *testing.T) {
	ctx := context.Background()
	st := openStore(t)
	reg := NewRegistry(st)
	for _, want := range []string{"cars@1", "digits@1", "digits@2"} {
		name, _, _ := strings.Cut(want, "@")
		if got := register(t, st, name); got != want {
			t.Errorf("Register = %s, want %s", got, want)
		}
	}
	list, err := reg.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var refs []string
	for _, e := range list {
		refs = append(refs, e.Ref())
	}
	if want := []string{"cars@1", "digits@2", "digits@1"}; !slices.Equal(refs, want) {
		t.Errorf("List = %v, want %v", refs, want)
	}
	if index, err := reg.Index(ctx); err != nil || len(index) != 3 || index[1].Ref() != "digits@2" || index[1].Dir != list[1].Dir {
		t.Errorf("Index = %v, %v", index, err)
	}
	for ref, want := range map[string]string{"digits": "digits@2", "digits@1": "digits@1", "cars": "cars@1", list[2].Dir: "digits@1"} {
		p, err := reg.Open(ctx, ref)
		if err != nil {
			t.Errorf("Open(%s): %v", ref, err)
			continue
		}
		if p.Ref() != want || p.Card.Classes[1] != "small" {
			t.Errorf("Open(%s) = %s, want %s", ref, p.Ref(), want)
		}
	}
	for ref, want := range map[string]struct {
		code fault.Code
		says string
	}{
		"digit":    {fault.NotFound, "digits"},
		"digits@9": {fault.NotFound, "digits@2"},
		"zebra":    {fault.NotFound, "macaw models ls"},
		"digits@x": {fault.Invalid, "NAME@VERSION"},
		"./digits": {fault.NotFound, "no model package"},
	} {
		if _, err := reg.Open(ctx, ref); fault.CodeOf(err) != want.code || !strings.Contains(fault.MessageOf(err), want.says) {
			t.Errorf("Open(%s) = %v, want %v with %q", ref, err, want.code, want.says)
		}
	}
}

func TestRegisterConcurrently(t *testing.T) {
	st := openStore(t)
	var wg sync.WaitGroup
	refs := make([]string, 8)
	for i := range refs {
		wg.Go(func() { refs[i] = register(t, st, "m") })
	}
	wg.Wait()
	slices.Sort(refs)
	if got := slices.Compact(refs); len(got) != 8 || got[7] != "m@8" {
		t.Errorf("refs = %v", refs)
	}
}

// A package without a row is left from a process that died before its commit.
func TestRegisterOverAnOrphan(t *testing.T) {
	st := openStore(t)
	orphan := filepath.Join(st.ModelsDir(), "m", "1")
	if err := os.MkdirAll(orphan, 0o777); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(orphan, "junk"), nil, 0o666)
	if ref := register(t, st, "m"); ref != "m@1" {
		t.Errorf("Register = %s", ref)
	}
	if _, err := NewRegistry(st).Open(context.Background(), "m"); err != nil {
		t.Error(err)
	}
}

func TestRegisterRefusesNames(t *testing.T) {
	reg := NewRegistry(openStore(t))
	for _, name := range []string{"", "a/b", "../x", "a@1", ".hidden", "-x", "a b", strings.Repeat("x", 101)} {
		if _, err := reg.Register(context.Background(), t.TempDir(), Card{Name: name}); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("Register(%q) = %v, want fault.Invalid", name, err)
		}
	}
}
