package toolbox

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Shared keeps what several trials of one search need, such as decoded pixels
// or quantised columns, so that it is made once. The zero value is empty.
type Shared struct {
	mu   sync.Mutex
	made map[string]any
}

// Get returns what make made the first time for key. A failed make is not kept.
func Get[T any](s *Shared, key string, make func() (T, error)) (T, error) {
	if s == nil {
		return make()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.made[key]; ok {
		return v.(T), nil
	}
	v, err := make()
	if err != nil {
		return v, err
	}
	if s.made == nil {
		s.made = map[string]any{}
	}
	s.made[key] = v
	return v, nil
}

// Put keeps v for key, in place of what was there.
func Put[T any](s *Shared, key string, v T) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made == nil {
		s.made = map[string]any{}
	}
	s.made[key] = v
}

var recipes []*Recipe

// Register adds a recipe; recipes do so from init. A duplicate name panics.
func Register(r *Recipe) {
	if slices.ContainsFunc(recipes, func(o *Recipe) bool { return o.Name == r.Name }) {
		panic(fmt.Sprintf("toolbox: recipe %q registered twice", r.Name))
	}
	recipes = append(recipes, r)
	slices.SortFunc(recipes, func(a, b *Recipe) int { return strings.Compare(a.Name, b.Name) })
}

// For returns the recipes that solve p, by name.
func For(p *Problem) []*Recipe {
	var out []*Recipe
	for _, r := range recipes {
		if slices.Contains(r.Tasks, p.Task) && (r.Applies == nil || r.Applies(p)) {
			out = append(out, r)
		}
	}
	return out
}

// Lookup returns the recipe called name, or nil.
func Lookup(name string) *Recipe {
	for _, r := range recipes {
		if r.Name == name {
			return r
		}
	}
	return nil
}
