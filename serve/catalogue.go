package serve

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/macaw-ai/macaw/model"
)

// stale is how old the catalogue may be.
const stale = 200 * time.Millisecond

// catalogue remembers for a moment what the registry holds, so that a request
// costs no query. The zero value is empty.
type catalogue struct {
	mu     sync.Mutex
	places []model.Place // names in order, the newest version of each first
	at     time.Time
}

// read returns what the registry holds.
func (c *catalogue) read(ctx context.Context, reg *model.Registry) ([]model.Place, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.at) < stale {
		return c.places, nil
	}
	places, err := reg.Index(ctx)
	if err != nil {
		return nil, err
	}
	c.places, c.at = places, time.Now()
	return places, nil
}

// find returns the version of a model, the newest for an empty version. One that
// is not known is looked for in the registry itself, which tells what is near.
func (c *catalogue) find(ctx context.Context, reg *model.Registry, name, version string) (*model.Place, error) {
	places, err := c.read(ctx, reg)
	if err != nil {
		return nil, err
	}
	for i := range places {
		if places[i].Name == name && (version == "" || strconv.Itoa(places[i].Version) == version) {
			return &places[i], nil
		}
	}
	ref := name
	if version != "" {
		ref += "@" + version
	}
	e, err := reg.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	return &model.Place{Name: e.Name, Version: e.Version, Dir: e.Dir}, nil
}
