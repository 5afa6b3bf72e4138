package serve

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/model"
)

// pool is the open models. With pinned ones it serves them alone; else it opens
// any model of the registry when it is asked for and closes the least used.
type pool struct {
	o       *Options
	reg     *model.Registry
	metrics *metrics

	catalogue catalogue

	mu     sync.Mutex
	pinned []*served
	open   map[string]*served // by NAME@VERSION
}

// served is one open model.
type served struct {
	name, version string
	ready         chan struct{} // closed when model, batch or err is set
	model         *model.Predictor
	batch         *batcher
	err           error

	users int // requests that use it; guarded by pool.mu
	used  time.Time
}

func newPool(o *Options, reg *model.Registry, m *metrics) *pool {
	return &pool{o: o, reg: reg, metrics: m, open: map[string]*served{}}
}

// pin opens the models that are served alone.
func (p *pool) pin(ctx context.Context, refs []string) error {
	for _, ref := range refs {
		pkg, err := p.find(ctx, ref)
		if err != nil {
			return err
		}
		sv := newServed(nameOf(pkg))
		if slices.ContainsFunc(p.pinned, func(o *served) bool { return o.name == sv.name && o.version == sv.version }) {
			continue
		}
		if p.start(sv, pkg); sv.err != nil {
			return sv.err
		}
		p.pinned = append(p.pinned, sv)
	}
	return nil
}

func (p *pool) find(ctx context.Context, ref string) (*model.Package, error) {
	if p.reg == nil {
		return model.Open(ref)
	}
	return p.reg.Open(ctx, ref)
}

// nameOf is a package's name and version; one from outside a registry is called
// as its folder is.
func nameOf(pkg *model.Package) (name, version string) {
	if pkg.Card.Name != "" && pkg.Card.Version > 0 {
		return pkg.Card.Name, strconv.Itoa(pkg.Card.Version)
	}
	if dir, err := filepath.Abs(pkg.Dir); err == nil {
		return filepath.Base(dir), "1"
	}
	return filepath.Base(pkg.Dir), "1"
}

func newServed(name, version string) *served {
	return &served{name: name, version: version, ready: make(chan struct{})}
}

// start opens the model of a package.
func (p *pool) start(sv *served, pkg *model.Package) {
	defer close(sv.ready)
	if sv.model, sv.err = model.NewPredictor(pkg, p.o.Device); sv.err != nil {
		return
	}
	sv.model.Ref = sv.ref()
	sv.batch = newBatcher(sv.model, p.o, p.metrics)
}

func (s *served) ref() string { return s.name + "@" + s.version }

func (s *served) close() {
	if s.batch != nil {
		s.batch.close()
		s.model.Close()
	}
}

// pinnedOnly reports whether the pool serves nothing but what it was told to.
func (p *pool) pinnedOnly() bool { return p.pinned != nil || p.reg == nil }

// names lists the models that can be asked for by name.
func (p *pool) names(ctx context.Context) ([]string, error) {
	var names []string
	err := p.each(ctx, func(name, _ string) { names = append(names, name) })
	slices.Sort(names)
	return slices.Compact(names), err
}

// versions lists the versions of a model, the newest first.
func (p *pool) versions(ctx context.Context, model string) ([]string, error) {
	var versions []string
	err := p.each(ctx, func(name, version string) {
		if name == model {
			versions = append(versions, version)
		}
	})
	return versions, err
}

// each calls f for every version of every model.
func (p *pool) each(ctx context.Context, f func(name, version string)) error {
	if p.pinnedOnly() {
		for _, sv := range p.pinned {
			f(sv.name, sv.version)
		}
		return nil
	}
	places, err := p.catalogue.read(ctx, p.reg)
	for _, at := range places {
		f(at.Name, strconv.Itoa(at.Version))
	}
	return err
}

// acquire returns an open model; release must be called when it is no longer
// used. An empty name means the only model, an empty version the newest. The
// name may be NAME@VERSION.
func (p *pool) acquire(ctx context.Context, name, version string) (sv *served, release func(), err error) {
	if at := strings.LastIndexByte(name, '@'); at > 0 && version == "" {
		name, version = name[:at], name[at+1:]
	}
	if name == "" {
		if name, err = p.only(ctx); err != nil {
			return nil, nil, err
		}
	}
	if p.pinnedOnly() {
		sv, err = p.findPinned(name, version)
		return sv, func() {}, err
	}
	place, err := p.catalogue.find(ctx, p.reg, name, version)
	if err != nil {
		return nil, nil, err
	}
	return p.use(ctx, place)
}

func (p *pool) only(ctx context.Context) (string, error) {
	names, err := p.names(ctx)
	if err != nil {
		return "", err
	}
	switch len(names) {
	case 1:
		return names[0], nil
	case 0:
		return "", fault.Errorf(fault.NotFound, "There is no model to ask; `macaw make` makes one.")
	}
	return "", fault.Errorf(fault.Invalid, "Several models are served; POST to /models/NAME/predict with one of %s.", strings.Join(names, ", "))
}

func (p *pool) findPinned(name, version string) (*served, error) {
	var best *served
	for _, sv := range p.pinned {
		if sv.name == name && (version == "" && (best == nil || newer(sv.version, best.version)) || sv.version == version) {
			best = sv
		}
	}
	if best != nil {
		return best, nil
	}
	var refs []string
	for _, sv := range p.pinned {
		refs = append(refs, sv.ref())
	}
	if version != "" {
		name += "@" + version
	}
	return nil, fault.Errorf(fault.NotFound, "There is no model %q here; there is %s.", name, strings.Join(refs, ", "))
}

func newer(a, b string) bool {
	x, _ := strconv.Atoi(a)
	y, _ := strconv.Atoi(b)
	return x > y
}

// use returns the registry's model, which it opens when it is not open yet.
func (p *pool) use(ctx context.Context, place *model.Place) (*served, func(), error) {
	ref := place.Ref()
	p.mu.Lock()
	sv := p.open[ref]
	fresh := sv == nil
	if fresh {
		sv = newServed(place.Name, strconv.Itoa(place.Version))
		p.open[ref] = sv
	}
	sv.users++
	p.mu.Unlock()
	release := func() {
		p.mu.Lock()
		sv.users--
		sv.used = time.Now()
		p.mu.Unlock()
	}
	if fresh {
		if pkg, err := model.Open(place.Dir); err != nil {
			sv.err = err
			close(sv.ready)
		} else {
			p.start(sv, pkg)
		}
		p.evict()
	}
	select {
	case <-sv.ready:
	case <-ctx.Done():
		release()
		return nil, nil, context.Cause(ctx)
	}
	if sv.err != nil {
		release()
		p.mu.Lock()
		if p.open[ref] == sv {
			delete(p.open, ref) // the next request tries again
		}
		p.mu.Unlock()
		return nil, nil, fmt.Errorf("open %s: %w", ref, sv.err)
	}
	return sv, release, nil
}

// evict closes models that nobody uses, the longest unused first, until no more
// than MaxOpen are open.
func (p *pool) evict() {
	for {
		p.mu.Lock()
		var old *served
		if len(p.open) > p.o.MaxOpen {
			for _, sv := range p.open {
				if sv.users == 0 && (old == nil || sv.used.Before(old.used)) {
					old = sv
				}
			}
		}
		if old != nil {
			delete(p.open, old.ref())
		}
		p.mu.Unlock()
		if old == nil {
			return
		}
		old.close()
	}
}

// close closes all models. No request may be running.
func (p *pool) close() {
	for _, sv := range p.pinned {
		sv.close()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, sv := range p.open {
		sv.close()
	}
	p.pinned, p.open = nil, map[string]*served{}
}
